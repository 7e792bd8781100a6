/* MinIO's metrics of the machine that it runs on: processors, memory, drives, network. */
#include "exporters/minio/common_minio.h"

enum { OVER_CAP };

static const struct metric_desc metrics[] = {
	[OVER_CAP] = SERIES_RULES_METRIC,
	{"minio_node_drive_<metric>", "What MinIO tells of a drive and the work that it does.", METRIC_UNTYPED, NULL,
         true},
	{"minio_system_<metric>", "What MinIO tells of its machine, in version 3.", METRIC_UNTYPED, NULL, true},
	{0},
};

static const char *const v3[] = {"/minio/metrics/v3/system", NULL};

static const struct minio_source source = {
	.v2 = "/minio/v2/metrics/resource", .v3 = v3, .over_cap = &metrics[OVER_CAP]};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return minio_read(p, &source, set, err);
}

const struct collector collector_minio_resource = {
	.name = "resource",
	.help = "Metrics of the machine that MinIO runs on, under its own names.",
	.target = TARGET_HTTP,
	.wanted = minio_wanted,
	.metrics = metrics,
	.collect = collect,
};
