/* MinIO's metrics of each bucket: size, objects, requests, replication. */
#include "exporters/minio/common_minio.h"

enum { USAGE, OBJECTS, OVER_CAP };

static const struct metric_desc metrics[] = {
	S3_BUCKET_METRICS,
	[OVER_CAP] = SERIES_RULES_METRIC,
	{"minio_bucket_<metric>", "What MinIO tells of a bucket.", METRIC_UNTYPED, NULL, true},
	{0},
};

static const char *const v3[] = {"/minio/metrics/v3/cluster/usage/buckets", NULL};

static const struct minio_alias aliases[] = {
	{"minio_bucket_usage_total_bytes", &metrics[USAGE], true},
	{"minio_cluster_usage_buckets_total_bytes", &metrics[USAGE], true},
	{"minio_bucket_usage_object_total", &metrics[OBJECTS], true},
	{"minio_cluster_usage_buckets_objects_count", &metrics[OBJECTS], true},
	{0},
};

static const struct minio_source source = {.v2 = "/minio/v2/metrics/bucket",
                                           .v3 = v3,
                                           .aliases = aliases,
                                           .v3_of_each_bucket = "/minio/metrics/v3/bucket/",
                                           .over_cap = &metrics[OVER_CAP]};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return minio_read(p, &source, set, err);
}

const struct collector collector_minio_bucket = {
	.name = "bucket",
	.help = "Metrics of each MinIO bucket, under its own names.",
	.target = TARGET_HTTP,
	.wanted = minio_wanted,
	.metrics = metrics,
	.collect = collect,
};
