/* Lists that S3 stores answer with, one page each. Texts are in the arena; any thread. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

enum { S3_VERSIONS_MAX = 50 };

/* Versions and delete markers of one key. */
struct s3_versions {
	const char *ids[S3_VERSIONS_MAX];
	size_t n;
	bool more;
};

MUST_CHECK int s3_read_versions(struct arena *a, struct span body, const char *key, struct s3_versions *out,
                                struct err *err);
