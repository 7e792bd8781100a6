/* One log entry on its way from a source, through the stages, into a batch.
 *
 * Its texts lie in the source's read buffer or in the entry's arena and are valid until the entry has been batched or
 * dropped; then the arena is reset, so that no line costs an allocation. One thread: the pipeline's. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/scan.h"

enum { LOG_MAX_LABELS = 15, LOG_MAX_METADATA = 64, LOG_MAX_EXTRACTED = 64 };

struct log_pair {
	struct span name, value;
};

struct log_pairs {
	struct log_pair *items; /* room for the limit of its kind */
	size_t n, max;
};

struct log_entry {
	struct arena *arena;
	int64_t timestamp_ns; /* since 1970; the time of reading until a stage knows better */
	struct span line;
	struct log_pairs labels;    /* name the stream */
	struct log_pairs metadata;  /* go with the entry, structured */
	struct log_pairs extracted; /* what stages found, for later stages */
	const char *tenant;         /* NULL: the endpoint's */
	const char *dropped;        /* the reason, static; NULL: it goes on */
	uint64_t begin, end;        /* the bytes of its source that it stands for; several lines may be one entry */
};

/* Empty, with room for all pairs in the arena. */
void log_entry_init(struct log_entry *e, struct arena *arena);

/* The value of that name; NULL where there is none. */
const struct span *log_pairs_find(const struct log_pairs *pairs, struct span name);

/* Adds a pair or gives the one of that name another value; false, and nothing changed, when there is no room. Name and
 * value must live as long as the entry. */
bool log_pairs_set(struct log_pairs *pairs, struct span name, struct span value);

void log_pairs_remove(struct log_pairs *pairs, struct span name);

/* A hash of names and values in their order; equal pairs have equal ones. */
uint64_t log_pairs_hash(const struct log_pairs *pairs);

/* The same bytes. */
bool span_same(struct span a, struct span b);

/* The text in the arena. */
struct span span_keep(struct arena *a, struct span s);
