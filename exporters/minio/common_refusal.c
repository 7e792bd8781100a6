#include "exporters/minio/common_refusal.h"

#include <string.h>

#include "net/http.h"
#include "net/sign.h"

/* What an error of S3 is called, in XML or in the JSON of MinIO's own interfaces; "" for none. */
static const char *code_of(struct arena *a, struct span body)
{
	static const char *const begins[] = {"<Code>", "\"Code\":\""};

	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		const char *at = memmem(body.s, body.len, begins[i], strlen(begins[i]));
		size_t n = 0, left;

		if (!at)
			continue;
		at += strlen(begins[i]);
		left = body.len - (size_t)(at - body.s);
		while (n < left && n < 60 && ((at[n] | 0x20) >= 'a' && (at[n] | 0x20) <= 'z'))
			n++;
		return arena_strndup(a, at, n);
	}
	return "";
}

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
static int ask_signed(struct probe *p, struct http_response *out, struct err *err)
{
	const struct minio_target *t = p->target;
	const char *host = strstr(minio_url(p, "/"), "://") + 3, *path = strchr(host, '/');
	struct sign_key key = {t->access_key, t->secret_key, "us-east-1", "s3"};
	struct sign_request rq = {.method = "GET", .path = path, .body = SPAN("")};
	struct http_request fetch = {.url = minio_url(p, "/"),
	                             .access = &t->access,
	                             .timeout_ns = minio_timeout(p),
	                             .max_bytes = 1024 * 1024,
	                             .no_redirects = true};
	struct signed_request signature;
	struct timespec now;

	p->kernel->clock_gettime(CLOCK_REALTIME, &now);
	rq.time = now.tv_sec;
	rq.host = arena_strndup(p->arena, host, (size_t)(path - host));
	sign_aws4(p->arena, &key, &rq, &signature);
	fetch.headers = signature.headers;
	fetch.n_headers = signature.n_headers;
	return http_fetch(p->http, p->arena, &fetch, out, err);
}

static int clock_differs(int64_t ahead, struct err *err)
{
	return err_set(err,
	               "its clock is %lld s %s ours, so it does not take our tokens and signatures; set both clocks "
	               "right, with NTP",
	               (long long)(ahead < 0 ? -ahead : ahead), ahead < 0 ? "behind" : "ahead of");
}

/* What it says of a signature with the same key. */
static int explain(struct probe *p, int64_t ahead, struct err *err)
{
	const char *key = ((const struct minio_target *)p->target)->access_key;
	struct http_response response;
	const char *code;

	if (ask_signed(p, &response, err) < 0)
		return -1;
	code = code_of(p->arena, response.body);
	if (response.status == 200 || !strcmp(code, "AccessDenied"))
		return err_set(err,
		               "access key %.60s may not see metrics: attach a policy to it that allows "
		               "admin:Prometheus (mc admin policy)",
		               key);
	if (!strcmp(code, "InvalidAccessKeyId"))
		return err_set(err, "there is no access key %.60s, or it is disabled; see access_key", key);
	if (!strcmp(code, "SignatureDoesNotMatch"))
		return err_set(err, "secret_key is not the one of access key %.60s", key);
	if (!strcmp(code, "RequestTimeTooSkewed"))
		return clock_differs(ahead, err);
	if (!strcmp(code, "XMinioServerNotInitialized"))
		return err_set(err, "MinIO is starting, or waits for its drives; its log says for what");
	return err_set(err, "access key %.60s is refused, with status %d %s", key, response.status, code);
}

int minio_refused(struct probe *p, const char *url, const struct http_response *response, struct err *err)
{
	const struct minio_target *t = p->target;
	const char *code = code_of(p->arena, response->body);
	int64_t ahead = 0;

	if (response->status != 403 || (response->body.len && *response->body.s == '<'))
		return err_set(err, "%s: answers with status %d %s%s", url, response->status, code,
		               response->status < 500 ? "; if this is no MinIO, write metrics: none" : "");
	if (!t->access_key)
		return err_set(err,
		               "%s: wants a login: write access_key and secret_key, or start MinIO with "
		               "MINIO_PROMETHEUS_AUTH_TYPE=public",
		               url);
	if (minio_clock_ahead(p, response, &ahead) && ahead >= MINIO_TOKEN_SECONDS)
		return clock_differs(ahead, err);
	return explain(p, ahead, err);
}
