#include "exporters/minio/common_minio.h"

#include <string.h>

#include "exporters/minio/common_refusal.h"
#include "metric/promtext.h"
#include "net/http.h"
#include "net/jwt.h"

/* The server may know newer formats; this is the one that is read here. */
static const char accept[] = "text/plain; version=0.0.4; charset=utf-8";

static const struct minio_target *target_of(const struct probe *p)
{
	return p->target;
}

bool minio_wanted(const void *target)
{
	return ((const struct minio_target *)target)->metrics != MINIO_NONE;
}

const char *minio_url(const struct probe *p, const char *path)
{
	const char *url = target_of(p)->url;
	size_t len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	return arena_printf(p->arena, "%.*s%s", (int)len, url, path);
}

int64_t minio_timeout(const struct probe *p)
{
	int64_t left = p->deadline_ns - clock_mono_ns();

	return target_of(p)->timeout < left ? target_of(p)->timeout : left;
}

/* A token of its own for each request, as `mc admin prometheus generate` makes them, but not for a hundred years. */
static const char *make_token(const struct probe *p)
{
	const struct minio_target *t = target_of(p);
	struct jwt_claims claims = {.issuer = "prometheus", .subject = t->access_key};
	struct timespec now;

	if (!t->access_key)
		return NULL;
	p->kernel->clock_gettime(CLOCK_REALTIME, &now);
	claims.expires = now.tv_sec + MINIO_TOKEN_SECONDS;
	return jwt_hs512(p->arena, &claims, t->secret_key, strlen(t->secret_key));
}

static const struct family *find(const struct sample_set *set, const char *name)
{
	const struct family *f = set->first;

	while (f && strcmp(f->desc->name, name) != 0)
		f = f->next;
	return f;
}

/* Bucket names need no escapes: bucket="media",server="127.0.0.1:9000" */
static const char *bucket_of(struct arena *a, const struct sample *s)
{
	static const char label[] = "bucket=\"";
	const size_t n = sizeof(label) - 1;
	const char *end = s->labels + s->labels_len;

	for (const char *at = s->labels; at && (size_t)(end - at) > n; at++)
		if (!memcmp(at, label, n) && (at == s->labels || at[-1] == ',')) {
			const char *close = memchr(at + n, '"', (size_t)(end - at) - n);

			return close ? arena_strndup(a, at + n, (size_t)(close - at) - n) : NULL;
		}
	return NULL;
}

static void add_alias(struct probe *p, const struct minio_alias *alias, const struct family *f, struct sample_set *set)
{
	for (const struct sample_block *b = f->first; b; b = b->next)
		for (const struct sample *s = b->items; s < b->items + b->used; s++) {
			const char *bucket = alias->by_bucket ? bucket_of(p->arena, s) : NULL;

			if (bucket)
				sample_add(set, alias->as, s->value, LABELS({"bucket", bucket}));
			if (!alias->by_bucket) {
				sample_add(set, alias->as, s->value, NO_LABELS);
				return;
			}
		}
}

static void add_aliases(struct probe *p, const struct minio_source *source, const struct sample_set *read,
                        struct sample_set *set)
{
	for (const struct minio_alias *alias = source->aliases; alias && alias->name; alias++) {
		const struct family *f = find(read, alias->name);

		if (f && !find(set, alias->as->name))
			add_alias(p, alias, f, set);
	}
}

static void take_new(struct sample_set *set, const struct sample_set *read)
{
	for (const struct family *f = read->first; f; f = f->next)
		if (!find(set, f->desc->name))
			sample_set_take(set, f->desc, f);
}

static int fetch(struct probe *p, const char *url, struct http_response *out, struct err *err)
{
	struct http_access access = target_of(p)->access;
	const struct http_request rq = {.url = url,
	                                .accept = accept,
	                                .access = &access,
	                                .timeout_ns = minio_timeout(p),
	                                .max_bytes = PROMTEXT_MAX_BYTES};

	access.bearer_token = make_token(p);
	return http_fetch(p->http, p->arena, &rq, out, err);
}

typedef int read_fn(struct probe *p, const struct minio_source *source, struct sample_set *read,
                    struct promtext *reader, struct err *err);

/* 1: the server knows no such path. */
static int read_path(struct probe *p, const char *path, struct sample_set *read, struct promtext *reader,
                     struct err *err)
{
	const char *url = minio_url(p, path);
	struct http_response response;

	if (fetch(p, url, &response, err) < 0)
		return -1;
	if (response.status == 404)
		return 1;
	if (response.status != 200)
		return minio_refused(p, url, &response, err);
	return promtext_read(reader, read, url, response.body, err);
}

static int read_v2(struct probe *p, const struct minio_source *source, struct sample_set *read, struct promtext *reader,
                   struct err *err)
{
	int rc = read_path(p, source->v2, read, reader, err);

	return rc > 0 ? err_set(err, "%s: not found; if this is no MinIO, write metrics: none",
	                        minio_url(p, source->v2))
	              : rc;
}

static int read_buckets(struct probe *p, const struct minio_source *source, struct sample_set *read,
                        struct promtext *reader, struct err *err)
{
	const struct family *f = find(read, "minio_cluster_usage_buckets_total_bytes");

	for (const struct sample_block *b = f ? f->first : NULL; b; b = b->next)
		for (const struct sample *s = b->items; s < b->items + b->used; s++) {
			const char *bucket = bucket_of(p->arena, s);
			const char *path = arena_printf(p->arena, "%s%s", source->v3_of_each_bucket, bucket);

			if (bucket && read_path(p, path, read, reader, err) < 0)
				return -1;
		}
	return 0;
}

/* What an older server does not have yet is left out; one that has nothing of it is no server for this. */
static int read_v3(struct probe *p, const struct minio_source *source, struct sample_set *read, struct promtext *reader,
                   struct err *err)
{
	bool any = false;

	for (const char *const *path = source->v3; *path; path++) {
		int rc = read_path(p, *path, read, reader, err);

		if (rc < 0)
			return -1;
		any = any || rc == 0;
	}
	if (!any && target_of(p)->metrics == MINIO_V3)
		return err_set(err,
		               "%s: not found; this MinIO is older than its metrics of version 3: write metrics: v2",
		               minio_url(p, source->v3[0]));
	return source->v3_of_each_bucket ? read_buckets(p, source, read, reader, err) : 0;
}

/* One version's metrics. Both have some families in common. */
static int read_version(struct probe *p, const struct minio_source *source, read_fn *read_it, struct sample_set *set,
                        struct err *err)
{
	struct promtext reader;
	struct sample_set read;
	int rc;

	promtext_init(&reader, p->arena, true);
	sample_set_init(&read, p->arena, NULL);
	read.common = set->common;
	read.common_len = set->common_len;
	rc = read_it(p, source, &read, &reader, err);
	add_aliases(p, source, &read, set);
	take_new(set, &read);
	return rc;
}

int minio_read(struct probe *p, const struct minio_source *source, struct sample_set *set, struct err *err)
{
	int metrics = target_of(p)->metrics;

	if ((metrics == MINIO_V2 || metrics == MINIO_ALL) && read_version(p, source, read_v2, set, err) < 0)
		return -1;
	if ((metrics == MINIO_V3 || metrics == MINIO_ALL) && read_version(p, source, read_v3, set, err) < 0)
		return -1;
	return 0;
}
