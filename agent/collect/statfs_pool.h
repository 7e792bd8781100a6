/* Sizes of file systems, asked on helper threads, because statfs on a dead network mount may never return.
 *
 * One helper asks for one mount after another. When an answer takes more than STATFS_STUCK_NS, that helper stays
 * with its mount and one replacement goes on with the rest; the mount is not asked again until its helper comes
 * back. With STATFS_MAX_STUCK helpers stuck, only local file systems are asked. Used by one lane's thread;
 * helpers are never joined: the process ends by _exit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

#define STATFS_STUCK_NS NS_PER_S
enum { STATFS_MAX_STUCK = 4 };

enum statfs_outcome {
	STATFS_OK,
	STATFS_FAILED, /* error holds errno */
	STATFS_STUCK,  /* no answer, now or since an earlier collection */
};

struct statfs_query {
	const char *path; /* the mount point as the process sees it (rootfs prefix included) */
	bool local;       /* a disk or memory file system, which cannot hang on a network */

	enum statfs_outcome outcome; /* the answer from here on; sizes in bytes, inodes as counted */
	int error;
	uint64_t size, free, avail, files, files_free;
	bool readonly;
};

struct statfs_pool;

/* Starts no thread: the first question does. */
MUST_CHECK int statfs_pool_new(struct statfs_pool **out, struct err *err);

/* Lets go of the pool without waiting: an idle helper ends, a stuck one frees what it shares when it returns. */
void statfs_pool_free(struct statfs_pool *pool);

/* Asks all; returns when each has an answer, was declared stuck, or the deadline (monotonic) has passed. */
void statfs_pool_ask(struct statfs_pool *pool, struct statfs_query *queries, size_t n, int64_t deadline_ns);
