#include "exporters/minio/common_s3.h"

#include <inttypes.h>

#include "exporters/minio/common_refusal.h"
#include "exporters/minio/common_s3_xml.h"

/* What a reply that is no success says. */
struct fault {
	const char *code, *message, *region;
};

/* What mends it. */
enum cure { CURE_NONE, CURE_POLICY, CURE_CREATE, CURE_CLOCK, CURE_REGION };

static const struct {
	const char *code, *words;
	enum cure cure;
} known[] = {
	{"AccessDenied", "the access key may not do this", CURE_POLICY},
	{"AllAccessDisabled", "the access key may not do this", CURE_POLICY},
	{"AuthorizationHeaderMalformed", "the region is another one", CURE_REGION},
	{"InsufficientStorage", "its drives are full", CURE_NONE},
	{"InvalidAccessKeyId", "it does not know the access key; write that of a user or service account", CURE_NONE},
	{"InvalidRegion", "the region is another one", CURE_REGION},
	{"NoSuchBucket", "there is no such bucket", CURE_CREATE},
	{"ObjectLocked", "the bucket locks its objects; use one without object lock", CURE_NONE},
	{"PermanentRedirect", "the bucket is in another region; write that one's url and region", CURE_NONE},
	{"QuotaExceeded", "the bucket's quota is used up", CURE_NONE},
	{"RequestTimeTooSkewed", "set both clocks right, with NTP", CURE_CLOCK},
	{"SignatureDoesNotMatch", "the secret key is wrong, or a proxy in between changes the Host or the path",
         CURE_NONE},
	{"SlowDown", "it is overloaded, and wants to be asked less", CURE_NONE},
	{"SlowDownRead", "too few of its drives answer", CURE_NONE},
	{"SlowDownWrite", "too few of its drives take writes", CURE_NONE},
	{"XMinioAdminBucketQuotaExceeded", "the bucket's quota is used up", CURE_NONE},
	{"XMinioServerNotInitialized", "it is starting, or waits for its drives", CURE_NONE},
	{"XMinioStorageFull", "its drives are full", CURE_NONE},
};

/* Texts of the other side end up in logs and labels. */
static const char *printable(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);

	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return out;
}

static struct fault read_fault(struct arena *a, struct span body)
{
	struct fault out = {"", "", NULL};
	struct s3_xml_item item;
	struct s3_xml xml;
	struct err err;

	s3_xml_init(&xml, a, body);
	while (s3_xml_next(&xml, &item, &err) > 0) {
		if (!item.text || !span_eq(item.parent, "Error"))
			continue;
		if (span_eq(item.name, "Code"))
			out.code = printable(a, item.text);
		if (span_eq(item.name, "Message"))
			out.message = printable(a, item.text);
		if (span_eq(item.name, "Region"))
			out.region = printable(a, item.text);
	}
	return out;
}

static int explain(const struct probe *p, const struct s3_call *call, const struct s3_reply *reply,
                   const struct fault *fault, size_t i, struct err *err)
{
	int64_t ahead;

	switch (known[i].cure) {
	case CURE_POLICY:
		return err_set(err, "%s; its policy has to allow %s on %s", known[i].words, call->action,
		               call->bucket ? call->bucket : "*");
	case CURE_CREATE:
		return err_set(err, "%s: %s; create it: mc mb ALIAS/%s, or aws s3 mb s3://%s", known[i].words,
		               call->bucket, call->bucket, call->bucket);
	case CURE_REGION:
		return err_set(err, "%s; write region: %.40s", known[i].words,
		               fault->region ? fault->region : "and its name");
	case CURE_CLOCK:
		if (!minio_clock_ahead(p, &reply->http, &ahead))
			return err_set(err, "its clock and ours differ; %s", known[i].words);
		return err_set(err, "its clock is %" PRId64 " s %s ours; %s", ahead < 0 ? -ahead : ahead,
		               ahead < 0 ? "behind" : "ahead of", known[i].words);
	default: return err_set(err, "%s (%s)", known[i].words, known[i].code);
	}
}

static int refuse(const struct probe *p, struct arena *a, const struct s3_call *call, struct s3_reply *reply,
                  struct err *err)
{
	struct fault fault = read_fault(a, reply->http.body);

	reply->code = fault.code;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(known[i].code, fault.code))
			return explain(p, call, reply, &fault, i, err);
	if (*fault.code)
		return err_set(err, "it answers %.60s: %.120s", fault.code, fault.message);
	if (reply->status == 507)
		return err_set(err, "its drives are full (status 507)");
	return err_set(err, "it answers with status %d and no error of S3; is there an S3 store behind this url?",
	               reply->status);
}

/* "http://minio:9000/base/" in its parts. */
struct place {
	const char *origin; /* "http://minio:9000" */
	const char *host;   /* "minio:9000"; a port that is the scheme's own is not sent either */
	const char *base;   /* "/base" */
};

static struct place place_of(struct arena *a, const char *url)
{
	const char *host = strstr(url, "://") + 3, *port = strncmp(url, "https:", 6) ? ":80" : ":443";
	size_t len = strcspn(host, "/"), base = strlen(host + len), port_len = strlen(port);
	struct place out = {.origin = arena_strndup(a, url, (size_t)(host - url) + len)};

	while (base && host[len + base - 1] == '/')
		base--;
	out.base = arena_strndup(a, host + len, base);
	if (len > port_len && !memcmp(host + len - port_len, port, port_len))
		len -= port_len;
	out.host = arena_strndup(a, host, len);
	return out;
}

static const char *path_of(struct arena *a, const char *base, const struct s3_call *call)
{
	if (!call->bucket)
		return arena_printf(a, "%s/", base);
	return arena_printf(a, "%s/%s%s%s", base, call->bucket, call->key ? "/" : "", call->key ? call->key : "");
}

static void sign(const struct s3 *s3, struct arena *a, const struct s3_call *call, const struct place *place,
                 struct signed_request *out)
{
	const struct minio_target *t = s3->probe->target;
	const struct sign_key key = {s3->access_key, s3->secret_key, t->region, "s3"};
	struct sign_request rq = {.method = call->method,
	                          .host = place->host,
	                          .path = path_of(a, place->base, call),
	                          .query = call->query,
	                          .n_query = call->n_query};
	struct timespec now;

	s3->probe->kernel->clock_gettime(CLOCK_REALTIME, &now);
	rq.time = now.tv_sec;
	if (call->body)
		rq.body = *call->body;
	sign_aws4(a, &key, &rq, out);
}

int s3_ask(const struct s3 *s3, struct arena *a, const struct s3_call *call, struct s3_reply *out, struct err *err)
{
	const struct minio_target *t = s3->probe->target;
	struct place place = place_of(a, t->url);
	struct signed_request rq;

	*out = (struct s3_reply){.code = ""};
	sign(s3, a, call, &place, &rq);
	if (http_fetch(s3->probe->http, a,
	               &(struct http_request){.url = arena_printf(a, "%s%s", place.origin, rq.target),
	                                      .method = call->method,
	                                      .headers = rq.headers,
	                                      .n_headers = rq.n_headers,
	                                      .body = call->body,
	                                      .access = &t->access,
	                                      .timeout_ns = minio_timeout(s3->probe),
	                                      .max_bytes = call->max_bytes ? call->max_bytes : S3_REPLY_BYTES,
	                                      .no_redirects = true},
	               &out->http, err) < 0)
		return -1;
	out->status = out->http.status;
	if (out->status >= 200 && out->status < 300)
		return 0;
	return refuse(s3->probe, a, call, out, err);
}
