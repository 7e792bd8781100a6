/* Whether the store answers, and what MinIO says of its own health, which it tells anybody. */
#include <string.h>

#include "exporters/minio/common_minio.h"
#include "net/http.h"

enum { S3_UP, HEALTH };

static const struct metric_desc metrics[] = {
	[S3_UP] = {"vedette_s3_up", "Whether the store answered in this very scrape, and is ready to serve."},
	[HEALTH] =
		{"vedette_minio_health",
                 "What MinIO says of itself: live (the process), ready (it serves), cluster (enough drives to write).",
                 METRIC_GAUGE, "check"},
	{0},
};

static int ask(struct probe *p, const char *path, struct http_response *out, struct err *err)
{
	const struct minio_target *t = p->target;
	const struct http_request rq = {.url = minio_url(p, path),
	                                .access = &t->access,
	                                .timeout_ns = minio_timeout(p),
	                                .max_bytes = 64 * 1024};

	return http_fetch(p->http, p->arena, &rq, out, err);
}

/* Any store answers a stranger somehow; only what says that it cannot is down. */
static int ask_store(struct probe *p, struct err *err)
{
	struct http_response response;

	if (ask(p, "/", &response, err) < 0)
		return -1;
	if (response.status >= 500)
		return err_set(err, "%s: answers with status %d", minio_url(p, "/"), response.status);
	return 0;
}

/* Each check as a sample; -1: it is not ready. */
static int ask_minio(struct probe *p, struct sample_set *set, struct err *err)
{
	struct http_response live, ready, cluster;
	bool offline;

	if (ask(p, "/minio/health/live", &live, err) < 0)
		return -1;
	sample_add(set, &metrics[HEALTH], live.status == 200, LABELS({"check", "live"}));
	if (live.status != 200)
		return err_set(err,
		               "%s: answers with status %d, as no healthy MinIO does; if this is another store, write "
		               "metrics: none",
		               minio_url(p, "/minio/health/live"), live.status);
	if (ask(p, "/minio/health/ready", &ready, err) < 0 || ask(p, "/minio/health/cluster", &cluster, err) < 0)
		return -1;
	offline = http_header_of(&ready, p->arena, "X-Minio-Server-Status") != NULL;
	sample_add(set, &metrics[HEALTH], ready.status == 200 && !offline, LABELS({"check", "ready"}));
	sample_add(set, &metrics[HEALTH], cluster.status == 200, LABELS({"check", "cluster"}));
	if (ready.status != 200 || offline)
		return err_set(err, "MinIO is starting, or waits for its drives; its log says for what");
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct minio_target *t = p->target;
	int rc = t->metrics == MINIO_NONE ? ask_store(p, err) : ask_minio(p, set, err);

	sample_add(set, &metrics[S3_UP], rc == 0, NO_LABELS);
	return rc;
}

const struct collector collector_minio_up = {
	.name = "up",
	.help = "Whether the store answers, and MinIO's own checks of its health.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
