/* The streams of one Loki: label sets as Loki writes them, and timestamps that are unique in each.
 *
 * Loki takes two entries of one stream with the same time and the same line for one. Only the reader's thread; a
 * stream lives until streams_clear. */
#pragma once

#include "logs/entry.h"
#include "logs/positions.h"

enum { STREAMS_MAX = 5000, STREAM_RUNS = 8 };

/* Entries that asked for one time, and the last that has been given to them. */
struct run {
	int64_t asked, given;
};

struct stream {
	uint64_t id;                  /* digest of the labels' text */
	char *labels;                 /* {a="b", c="d"}, sorted by name */
	struct run runs[STREAM_RUNS]; /* the latest first */
	size_t n_runs;
	int64_t forgotten; /* times up to this one may have been given to runs that are not kept */
	unsigned lap;      /* how often times have gone back among those */
	uint64_t batch;    /* the batch it is in, and where in it */
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

/* The time asked for, or the next free nanosecond where the stream has had an entry at that time. Where that is not
 * known any more, because times have gone far back, a whole millisecond becomes a part of it that is free. */
int64_t stream_time(struct stream *s, int64_t asked_ns);

/* What is to be remembered of it through a restart. */
struct tie stream_tie(const struct stream *s);
