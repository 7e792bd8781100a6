/* What the collectors of a MinIO share, and those of any other store that speaks S3: its settings, its URLs, and how
 * its own metrics are fetched. On the lane's thread; memory is the probe's arena. */
#pragma once

#include "collect/collector.h"
#include "collect/series_rules.h"
#include "net/http_access.h"

enum { MINIO_TOKEN_SECONDS = 300 };

enum minio_metrics { MINIO_V2, MINIO_V3, MINIO_ALL, MINIO_NONE };

struct s3_canary;
struct s3_usage;

/* A target's settings. */
struct minio_target {
	const char *url;
	const char *access_key, *secret_key; /* NULL: it wants none */
	struct http_access access;           /* of which the settings give TLS */
	int64_t timeout;                     /* nanoseconds, for each request */
	int metrics;                         /* enum minio_metrics */
	struct series_rules rules;           /* for those */
	const char *region;
	const struct s3_canary *canary; /* NULL: none */
	const struct s3_usage *usage;   /* NULL: none */
};

// clang-format off
/* Two rows of metrics: whoever knows the sizes of buckets. */
#define S3_BUCKET_METRICS                                                                                              \
	{"vedette_s3_bucket_usage_bytes", "Bytes of the bucket's objects when they were last counted: by the store "    \
	 "itself, with older versions, or by listing, without them.", METRIC_GAUGE, "bucket"},                          \
	{"vedette_s3_bucket_objects", "Objects in the bucket when they were last counted.", METRIC_GAUGE, "bucket"}
// clang-format on

/* A family of MinIO's that every store has under a name of ours. */
struct minio_alias {
	const char *name;             /* MinIO's; NULL ends a table */
	const struct metric_desc *as; /* with a label bucket where that is by_bucket */
	bool by_bucket;
};

/* What one collector asks for; tables end with NULL. */
struct minio_source {
	const char *v2;                     /* path */
	const char *const *v3;              /* paths */
	const char *v3_of_each_bucket;      /* begins the path of each bucket that those tell of; NULL: none */
	const struct minio_alias *aliases;  /* NULL: none */
	const struct metric_desc *over_cap; /* of a SERIES_RULES_METRIC */
};

/* Whether the settings (struct minio_target) ask for any of MinIO's own metrics. */
bool minio_wanted(const void *target);

const char *minio_url(const struct probe *p, const char *path);

/* The time that is left for one request. */
int64_t minio_timeout(const struct probe *p);

/* Adds what the source's paths tell in the version that the settings ask for, as their rules want it; a family that an
 * earlier collector of the same scrape has brought is not brought again. Aliases know no rules but the cap. */
MUST_CHECK int minio_read(struct probe *p, const struct minio_source *source, struct sample_set *set, struct err *err);
