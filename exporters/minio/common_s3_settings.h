/* Settings of what works with any store that speaks S3. Immutable, owned by the settings; any thread. */
#pragma once

#include "exporters/minio/common_minio.h"

struct s3_canary {
	const char *bucket, *prefix;
	const char *access_key, *secret_key; /* NULL: the target's */
	int64_t min_interval;
};

struct s3_usage {
	struct string_list buckets; /* none: all */
	int64_t min_interval, max_objects;
};

extern const struct field s3_canary_fields[], s3_usage_fields[];

/* -1: settings that no store could follow. */
MUST_CHECK int s3_check(const struct minio_target *t, struct err *err);
