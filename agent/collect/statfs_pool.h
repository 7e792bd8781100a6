/* Sizes of file systems, asked on helper threads, because statfs on a dead network mount may never return.
 *
 * One helper asks for one mount after another, the local ones first. When an answer takes more than
 * STATFS_STUCK_NS, or has not come by the deadline, that helper stays with its mount and one replacement goes on
 * with the rest; the mount is not asked again, by any pool, until its helper comes back. With STATFS_MAX_STUCK
 * helpers stuck, only local file systems are asked. A pool is used by one lane's thread; helpers are never joined:
 * they end by themselves, or with the process by _exit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/vfs.h>

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
};

struct statfs_pool;

/* Starts no thread: the first question does. */
MUST_CHECK int statfs_pool_new(struct statfs_pool **out, struct err *err);

/* As statfs_pool_new, with a system call of the test's own. */
typedef int statfs_fn(const char *path, struct statfs *out);
MUST_CHECK int statfs_pool_new_with(struct statfs_pool **out, statfs_fn *fn, struct err *err);

/* NULL is allowed. Does not wait: the last helper to end frees the memory. */
void statfs_pool_free(struct statfs_pool *pool);

/* Asks all; returns when each has an answer, was declared stuck, or the deadline (monotonic) has passed. */
void statfs_pool_ask(struct statfs_pool *pool, struct statfs_query *queries, size_t n, int64_t deadline_ns);
