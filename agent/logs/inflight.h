/* The push that is under way, on disk: <storage.path>/inflight.
 *
 * Written before the push and sent again byte for byte after a restart, so that Loki recognises what it has already.
 * Where Loki takes it in parts only, how many of its entries are done is noted there too. One preallocated file. Only
 * the sender's thread, once that runs. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

enum { INFLIGHT_MAX_BYTES = 2 * 1024 * 1024 };

struct inflight_push {
	uint64_t number;
	uint64_t entries, done; /* so many of its entries, as they stand in the body, are delivered already */
	struct span tenant;     /* empty: none */
	struct span group;      /* what to commit when it is acknowledged (checkpoint_write) */
	struct span body;
};

struct inflight;

struct inflight *inflight_open(const char *directory);
void inflight_close(struct inflight *f); /* NULL is allowed */

MUST_CHECK int inflight_write(struct inflight *f, const struct inflight_push *push, struct err *err);

/* Where that is all that has changed of what was written, or read, last. */
MUST_CHECK int inflight_note_done(struct inflight *f, uint64_t done, struct err *err);

/* False where there is no whole one. The spans are in the arena. */
bool inflight_read(struct inflight *f, struct arena *a, struct inflight_push *out);
