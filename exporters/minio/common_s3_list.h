/* Lists that S3 stores answer with, one page each. Texts are in the arena; any thread. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

enum { S3_VERSIONS_MAX = 50, S3_BUCKETS_MAX = 64, S3_BUCKET_BYTES = 64 };

/* Versions and delete markers of one key. */
struct s3_versions {
	const char *ids[S3_VERSIONS_MAX];
	size_t n;
	bool more;
};

MUST_CHECK int s3_read_versions(struct arena *a, struct span body, const char *key, struct s3_versions *out,
                                struct err *err);

/* One page of a bucket's objects, added up. */
struct s3_objects {
	uint64_t objects, bytes;
	const char *next; /* what asks for the next page; NULL: there is none */
};

MUST_CHECK int s3_read_objects(struct arena *a, struct span body, struct s3_objects *out, struct err *err);

struct s3_buckets {
	const char *names[S3_BUCKETS_MAX]; /* shorter than S3_BUCKET_BYTES */
	size_t n;
	bool more;
};

MUST_CHECK int s3_read_buckets(struct arena *a, struct span body, struct s3_buckets *out, struct err *err);
