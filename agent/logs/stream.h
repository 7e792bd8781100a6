/* The streams of one Loki: label sets as Loki writes them, and timestamps that are unique in each.
 *
 * Loki takes two entries of one stream with the same time and the same line for one. Only the reader's thread; a
 * stream lives until streams_clear. */
#pragma once

#include "logs/entry.h"
#include "logs/positions.h"

enum { STREAMS_MAX = 5000 };

struct stream {
	uint64_t id;  /* digest of the labels' text */
	char *labels; /* {a="b", c="d"}, sorted by name */
	int64_t asked, given;
	uint64_t batch; /* the batch it is in, and where in it */
	size_t slot;
};

struct streams;

struct streams *streams_new(struct positions *positions);
void streams_free(struct streams *s); /* NULL is allowed */

/* Forgets all; none may be in use. */
void streams_clear(struct streams *s);
bool streams_full(const struct streams *s);

/* Finds or makes the one with these labels. */
struct stream *streams_get(struct streams *s, const struct log_pairs *labels);

/* The time asked for, or the next free nanosecond where the stream has had an entry at that time. */
int64_t stream_time(struct stream *s, int64_t asked_ns);
