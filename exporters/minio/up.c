/* Whether the store answers, and what MinIO says of its own health, which it tells anybody. */
#include <string.h>

#include "exporters/minio/common_refusal.h"
#include "net/http.h"

enum { S3_UP, HEALTH, CLOCK };

static const struct metric_desc metrics[] = {
	[S3_UP] = {"vedette_s3_up", "Whether the store answered in this very scrape, and is ready to serve."},
	[HEALTH] =
		{"vedette_minio_health",
                 "What MinIO says of itself: live (the process), ready (it serves), cluster (enough drives to write).",
                 METRIC_GAUGE, "check"},
	[CLOCK] = {"vedette_s3_clock_offset_seconds",
                   "How far the store's clock is ahead of ours, to the second, by the Date of its answers. Signatures "
                   "fail from 15 minutes on."},
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

static void add_clock(struct probe *p, const struct http_response *response, struct sample_set *set)
{
	int64_t ahead;

	if (minio_clock_ahead(p, response, &ahead))
		sample_add(set, &metrics[CLOCK], (double)ahead, NO_LABELS);
}

/* Any store answers a stranger somehow; only what says that it cannot is down. */
static int ask_store(struct probe *p, struct sample_set *set, struct err *err)
{
	struct http_response response;

	if (ask(p, "/", &response, err) < 0)
		return -1;
	add_clock(p, &response, set);
	if (response.status >= 500)
		return err_set(err, "%s: answers with status %d", minio_url(p, "/"), response.status);
	return 0;
}

static int ask_alive(struct probe *p, struct sample_set *set, struct err *err)
{
	static const char path[] = "/minio/health/live";
	struct http_response response;

	if (ask(p, path, &response, err) < 0)
		return -1;
	add_clock(p, &response, set);
	sample_add(set, &metrics[HEALTH], response.status == 200, LABELS({"check", "live"}));
	if (response.status == 200)
		return 0;
	return err_set(err, "%s: answers with status %d, %s", minio_url(p, path), response.status,
	               response.status >= 500 ? "so it cannot take more requests"
	                                      : "as no MinIO does; if this is another store, write metrics: none");
}

/* It is ready once it has found its drives. */
static int ask_ready(struct probe *p, struct sample_set *set, struct err *err)
{
	struct http_response response;
	bool offline;

	if (ask(p, "/minio/health/ready", &response, err) < 0)
		return -1;
	offline = http_header_of(&response, p->arena, "X-Minio-Server-Status") != NULL;
	sample_add(set, &metrics[HEALTH], response.status == 200 && !offline, LABELS({"check", "ready"}));
	if (response.status != 200)
		return err_set(err, "MinIO is not ready: status %d; its log says what it lacks", response.status);
	return offline ? err_set(err, "MinIO is starting, or waits for its drives; its log says for what") : 0;
}

static int ask_cluster(struct probe *p, struct sample_set *set, struct err *err)
{
	struct http_response response;
	const char *quorum;

	if (ask(p, "/minio/health/cluster", &response, err) < 0)
		return -1;
	quorum = http_header_of(&response, p->arena, "X-Minio-Write-Quorum");
	sample_add(set, &metrics[HEALTH], response.status == 200, LABELS({"check", "cluster"}));
	if (response.status == 200)
		return 0;
	return err_set(err, "MinIO can write nothing: too many drives are gone; each erasure set needs %.20s of them",
	               quorum ? quorum : "more");
}

static int ask_minio(struct probe *p, struct sample_set *set, struct err *err)
{
	if (ask_alive(p, set, err) < 0 || ask_ready(p, set, err) < 0)
		return -1;
	return ask_cluster(p, set, err);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct minio_target *t = p->target;
	int rc = t->metrics == MINIO_NONE ? ask_store(p, set, err) : ask_minio(p, set, err);

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
