/* Entries that wait for more of their text: what multiline, docker and cri have in common.
 *
 * A stage has a few slots, one for each stream of its file (stdout and stderr take turns line by line). What a slot
 * holds is a copy, in memory of its own; it is freed with the pipeline. */
#pragma once

#include "base/buf.h"
#include "logs/stage.h"

enum { HOLD_SLOTS = 8 };

struct hold {
	bool used;
	uint64_t key;
	int64_t due_ns;
	size_t lines;
	struct arena arena;
	struct buf text;
	struct log_entry entry;
};

/* The state of a stage that holds entries. */
struct holds {
	struct hold slots[HOLD_SLOTS];
};

/* What tells streams apart: the labels. */
uint64_t hold_key(const struct log_entry *e);

/* The slot that holds something of that stream, or NULL. */
struct hold *hold_find(struct holds *h, uint64_t key);

/* Begins to hold the entry. Where all slots are taken, what is due first is emitted to make room. */
struct hold *hold_begin(struct stage *s, const struct log_entry *e, uint64_t key);

/* Adds the entry's line behind a separator, and its range. */
void hold_add(struct hold *h, const struct log_entry *e, const char *separator);

/* The next piece of a line that a container runtime has cut, of which `whole` is the last. What would become longer
 * than max_bytes is sent on as it is, and the rest becomes another line. */
enum stage_result hold_piece(struct stage *s, struct log_entry *e, bool whole, uint64_t max_bytes);

/* Sends on what the slot holds, and empties it. */
void hold_emit(struct stage *s, struct hold *h);

/* For the stage's row. */
void hold_flush(struct stage *s, int64_t now_ns, bool end);
int64_t hold_due_ns(const struct stage *s);
uint64_t hold_from(const struct stage *s);
void hold_fini(struct stage *s);
