/* Entries on their way to Loki: what one push will hold, and the checkpoint that goes with it.
 *
 * Three exist and take turns: the reader fills one, the sender has one, and one may wait between them. All memory is
 * the batch's own and is used again and again. */
#pragma once

#include <push.pb-c.h>

#include "logs/entry.h"
#include "logs/positions.h"
#include "logs/stream.h"

struct batch_stream {
	struct stream *stream; /* the reader's, and his only */
	const char *labels;
	size_t n; /* entries */
};

struct batch {
	uint64_t number;
	size_t max_bytes;
	char tenant[128];     /* empty: none */
	int64_t started_ns;   /* monotonic; of the oldest entry */
	int64_t read_real_ns; /* when that was */
	struct arena arena;   /* lines, metadata, labels */
	size_t bytes;         /* as counted against max_bytes */
	size_t n, room;       /* entries */
	Push__Entry *entries;
	Push__Time *times;
	uint32_t *owners; /* which of streams each entry is of */
	struct batch_stream streams[CHECKPOINT_MAX];
	size_t n_streams;
	struct position files[CHECKPOINT_MAX];
	size_t n_files;
	int64_t looked; /* as in a checkpoint */
	struct tie ties[CHECKPOINT_MAX];
	struct cursor cursors[CURSORS_MAX];
	size_t n_cursors;
};

enum { BATCH_ENTRY_BYTES = 48 }; /* what an entry counts besides its text */

struct batch *batch_new(size_t max_bytes);
void batch_free(struct batch *b); /* NULL is allowed */
void batch_reset(struct batch *b, uint64_t number);
bool batch_empty(const struct batch *b);

/* Whether the entry still goes in; an empty batch takes any. */
bool batch_fits(const struct batch *b, const struct log_entry *e, const struct stream *s);

/* Copies the entry in and gives it its time. */
void batch_add(struct batch *b, const struct log_entry *e, struct stream *s);

/* How far a file is delivered once this batch is; false when there is no room for another file. */
bool batch_add_position(struct batch *b, const struct position *position);

/* The same of a journal. */
bool batch_add_cursor(struct batch *b, uint64_t source, const char *cursor);

/* Once it is complete: keeps where its streams' times are, which are the reader's. */
void batch_seal(struct batch *b);

/* What a sealed batch delivers; points into it. */
struct checkpoint batch_checkpoint(struct batch *b);
