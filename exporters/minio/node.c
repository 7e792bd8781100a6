/* MinIO's metrics of the server that is asked: requests, drives, replication, its process. */
#include "exporters/minio/common_minio.h"

enum { OVER_CAP };

static const struct metric_desc metrics[] = {
	[OVER_CAP] = SERIES_RULES_METRIC,
	{"minio_node_<metric>", "What MinIO tells of a server.", METRIC_UNTYPED, NULL, true},
	{"minio_process_<metric>", "What MinIO tells of its process.", METRIC_UNTYPED, NULL, true},
	{"minio_api_<metric>", "What MinIO tells of requests to a server, in version 3.", METRIC_UNTYPED, NULL, true},
	{"go_<metric>", "What Go's runtime tells of MinIO's process.", METRIC_UNTYPED, NULL, true},
	{0},
};

static const char *const v3[] = {
	"/minio/metrics/v3/api",         "/minio/metrics/v3/scanner", "/minio/metrics/v3/ilm",
	"/minio/metrics/v3/audit",       "/minio/metrics/v3/logger",  "/minio/metrics/v3/notification",
	"/minio/metrics/v3/replication", "/minio/metrics/v3/debug",   NULL};

static const struct minio_source source = {.v2 = "/minio/v2/metrics/node", .v3 = v3, .over_cap = &metrics[OVER_CAP]};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return minio_read(p, &source, set, err);
}

const struct collector collector_minio_node = {
	.name = "node",
	.help = "Metrics of the MinIO server that is asked, under its own names.",
	.target = TARGET_HTTP,
	.wanted = minio_wanted,
	.metrics = metrics,
	.collect = collect,
};
