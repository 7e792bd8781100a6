/* MinIO's metrics of the whole cluster: capacity, usage, drives and erasure sets, and of the server's requests. */
#include "exporters/minio/common_minio.h"

enum { USAGE, OBJECTS, CAPACITY, FREE, OVER_CAP };

#define LEAST_FREE 0.01 /* of its capacity, below which it refuses what is to be written */

static const struct metric_desc metrics[] = {
	[USAGE] = {"vedette_s3_usage_bytes",
                   "Bytes of all objects and their versions, as the store counted them last."},
	[OBJECTS] = {"vedette_s3_objects", "Objects in the store, as it counted them last."},
	[CAPACITY] = {"vedette_s3_capacity_bytes", "Bytes that all drives can hold, without what redundancy takes."},
	[FREE] = {"vedette_s3_free_bytes", "Bytes of that which are free."},
	[OVER_CAP] = SERIES_RULES_METRIC,
	{"minio_cluster_<metric>", "What MinIO tells of the cluster.", METRIC_UNTYPED, NULL, true},
	{"minio_s3_<metric>", "What MinIO tells of requests to a server.", METRIC_UNTYPED, NULL, true},
	{0},
};

static const char *const v3[] = {"/minio/metrics/v3/cluster/health",      "/minio/metrics/v3/cluster/usage/objects",
                                 "/minio/metrics/v3/cluster/erasure-set", "/minio/metrics/v3/cluster/iam",
                                 "/minio/metrics/v3/cluster/config",      NULL};

static const struct minio_alias aliases[] = {
	{"minio_cluster_usage_total_bytes", &metrics[USAGE]},
	{"minio_cluster_usage_objects_total_bytes", &metrics[USAGE]},
	{"minio_cluster_usage_object_total", &metrics[OBJECTS]},
	{"minio_cluster_usage_objects_count", &metrics[OBJECTS]},
	{"minio_cluster_capacity_usable_total_bytes", &metrics[CAPACITY]},
	{"minio_cluster_health_capacity_usable_total_bytes", &metrics[CAPACITY]},
	{"minio_cluster_capacity_usable_free_bytes", &metrics[FREE]},
	{"minio_cluster_health_capacity_usable_free_bytes", &metrics[FREE]},
	{0},
};

static const struct minio_source source = {
	.v2 = "/minio/v2/metrics/cluster", .v3 = v3, .aliases = aliases, .over_cap = &metrics[OVER_CAP]};

static const struct sample *first_of(const struct sample_set *set, const struct metric_desc *desc)
{
	const struct family *f = set->first;

	while (f && f->desc != desc)
		f = f->next;
	return f ? f->first->items : NULL;
}

/* It calls itself healthy on full drives. */
static void check_space(const struct sample_set *set, struct err *note)
{
	const struct sample *capacity = first_of(set, &metrics[CAPACITY]), *left = first_of(set, &metrics[FREE]);

	if (capacity && left && left->value < capacity->value * LEAST_FREE)
		(void)err_set(
			note,
			"its drives are full: %.0f of %.0f bytes are free, so that it takes no more objects; delete "
			"what is not needed, or add drives",
			left->value, capacity->value);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (minio_read(p, &source, set, err) < 0)
		return -1;
	check_space(set, p->note);
	return 0;
}

const struct collector collector_minio_cluster = {
	.name = "cluster",
	.help = "Metrics of the whole MinIO cluster, under its own names.",
	.target = TARGET_HTTP,
	.wanted = minio_wanted,
	.metrics = metrics,
	.collect = collect,
};
