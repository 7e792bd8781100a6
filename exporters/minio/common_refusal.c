#include "exporters/minio/common_refusal.h"

#include <inttypes.h>
#include <string.h>

#include "exporters/minio/common_s3.h"

bool minio_clock_ahead(const struct probe *p, const struct http_response *response, int64_t *seconds)
{
	const char *date = http_header_of(response, p->arena, "Date");
	struct timespec now;
	struct tm tm = {0};

	if (!date || !strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return false;
	p->kernel->clock_gettime(CLOCK_REALTIME, &now);
	*seconds = timegm(&tm) - now.tv_sec;
	return true;
}

/* Lists buckets, which each valid key may at least ask for. */
static int ask_signed(struct probe *p, struct err *err)
{
	const struct minio_target *t = p->target;
	const struct s3 s3 = {p, t->access_key, t->secret_key};
	const struct s3_call call = {.method = "GET", .action = "s3:ListAllMyBuckets", .max_bytes = 1024 * 1024};
	struct s3_reply reply;
	int rc = s3_ask(&s3, p->arena, &call, &reply, err);

	if (rc < 0 && !reply.status)
		return -1;
	if (rc == 0 || !strcmp(reply.code, "AccessDenied"))
		return err_set(err,
		               "access key %.60s may not see metrics: attach a policy to it that allows "
		               "admin:Prometheus (mc admin policy)",
		               t->access_key);
	return err_wrap(err, "access key %.60s", t->access_key);
}

int minio_refused(struct probe *p, const char *url, const struct http_response *response, struct err *err)
{
	const struct minio_target *t = p->target;
	int64_t ahead;

	if (response->status != 403 || (response->body.len && *response->body.s == '<'))
		return err_set(err, "%s: answers with status %d%s", url, response->status,
		               response->status < 500 ? "; if this is no MinIO, write metrics: none" : "");
	if (!t->access_key)
		return err_set(err,
		               "%s: wants a login: write access_key and secret_key, or start MinIO with "
		               "MINIO_PROMETHEUS_AUTH_TYPE=public",
		               url);
	if (minio_clock_ahead(p, response, &ahead) && ahead >= MINIO_TOKEN_SECONDS)
		return err_set(err,
		               "its clock is %" PRId64
		               " s ahead of ours, so it does not take our tokens; set both clocks "
		               "right, with NTP",
		               ahead);
	return ask_signed(p, err);
}
