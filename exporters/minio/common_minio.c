#include "exporters/minio/common_minio.h"

#include <string.h>

#include "exporters/minio/common_refusal.h"
#include "metric/promtext.h"
#include "net/http.h"
#include "net/jwt.h"

enum { MOST_BUCKETS = 100 }; /* each of them is a request */

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

/* One version's metrics while they are read. */
struct reading {
	struct probe *probe;
	const struct minio_source *source;
	const struct sample_set *set;  /* what earlier collectors have brought */
	struct sample_set read, found; /* its own names; aliases */
	struct promtext reader;
	struct series_passage passage;
	promtext_admit_fn *pass;
	const char *buckets[MOST_BUCKETS];
	size_t n_buckets;
	const char *bucket;               /* the latest */
	const struct metric_desc *family; /* of the latest sample */
	const struct minio_alias *alias;  /* of that family; NULL: none */
	bool brought;                     /* that family by an earlier collector */
};

static const struct minio_alias *alias_of(const struct reading *r, const char *name)
{
	const struct minio_alias *alias = r->source->aliases;

	while (alias && alias->name && strcmp(alias->name, name) != 0)
		alias++;
	return alias && alias->name ? alias : NULL;
}

static const char *label_of(const struct promtext_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->labels[i].name, name))
			return s->labels[i].value;
	return NULL;
}

/* Several servers may tell of one bucket, one after the other. */
static void add_bucket(struct reading *r, const struct promtext_sample *s)
{
	const char *bucket = label_of(s, "bucket");
	const struct family *f = find(&r->found, r->alias->as->name);

	if (!bucket || (f && f->count >= (size_t)target_of(r->probe)->rules.max_series) ||
	    (f && r->bucket && !strcmp(bucket, r->bucket)))
		return;
	r->bucket = arena_strdup(r->probe->arena, bucket);
	sample_add(&r->found, r->alias->as, s->value, LABELS({"bucket", bucket}));
	if (r->alias->as == r->source->aliases->as && r->n_buckets < MOST_BUCKETS)
		r->buckets[r->n_buckets++] = r->bucket;
}

static void add_alias(struct reading *r, const struct promtext_sample *s)
{
	if (r->alias->by_bucket)
		add_bucket(r, s);
	else if (!find(&r->found, r->alias->as->name))
		sample_add(&r->found, r->alias->as, s->value, NO_LABELS);
}

static bool admit(void *arg, struct promtext_sample *s)
{
	struct reading *r = arg;

	if (s->family != r->family) {
		r->family = s->family;
		r->alias = alias_of(r, s->family->name);
		r->brought = find(r->set, s->family->name) != NULL;
	}
	if (r->alias)
		add_alias(r, s);
	return !r->brought && r->pass(&r->passage, s);
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

typedef int read_fn(struct reading *r, struct err *err);

/* 1: the server knows no such path. */
static int read_path(struct reading *r, const char *path, struct err *err)
{
	const char *url = minio_url(r->probe, path);
	struct http_response response;

	if (fetch(r->probe, url, &response, err) < 0)
		return -1;
	if (response.status == 404)
		return 1;
	if (response.status != 200)
		return minio_refused(r->probe, url, &response, err);
	return promtext_read(&r->reader, &r->read, url, response.body, err);
}

static int read_v2(struct reading *r, struct err *err)
{
	const char *path = r->source->v2;
	int rc = read_path(r, path, err);

	return rc > 0 ? err_set(err, "%s: not found; if this is no MinIO, write metrics: none",
	                        minio_url(r->probe, path))
	              : rc;
}

/* Of the buckets that have just been told of. */
static int read_buckets(struct reading *r, struct err *err)
{
	const char *begin = r->source->v3_of_each_bucket;

	for (size_t i = 0; i < r->n_buckets; i++)
		if (read_path(r, arena_printf(r->probe->arena, "%s%s", begin, r->buckets[i]), err) < 0)
			return -1;
	return 0;
}

/* What an older server does not have yet is left out; one that has nothing of it is no server for this. */
static int read_v3(struct reading *r, struct err *err)
{
	const struct minio_source *source = r->source;
	bool any = false;

	for (const char *const *path = source->v3; *path; path++) {
		int rc = read_path(r, *path, err);

		if (rc < 0)
			return -1;
		any = any || rc == 0;
	}
	if (!any && target_of(r->probe)->metrics == MINIO_V3)
		return err_set(err,
		               "%s: not found; this MinIO is older than its metrics of version 3: write metrics: v2",
		               minio_url(r->probe, source->v3[0]));
	return source->v3_of_each_bucket ? read_buckets(r, err) : 0;
}

static void begin_set(struct reading *r, struct sample_set *set)
{
	sample_set_init(set, r->probe->arena, NULL);
	set->common = r->set->common;
	set->common_len = r->set->common_len;
}

static void take_new(struct sample_set *set, const struct sample_set *from)
{
	for (const struct family *f = from->first; f; f = f->next)
		if (!find(set, f->desc->name))
			sample_set_take(set, f->desc, f);
}

static int read_version(struct probe *p, const struct minio_source *source, read_fn *read_it, struct sample_set *set,
                        struct err *err)
{
	struct reading *r = ARENA_NEW(p->arena, struct reading);
	int rc;

	*r = (struct reading){.probe = p, .source = source, .set = set};
	begin_set(r, &r->read);
	begin_set(r, &r->found);
	promtext_init(&r->reader, p->arena, true);
	series_passage_begin(&r->passage, &target_of(p)->rules, p->memo, &r->reader);
	r->pass = r->reader.admit;
	r->reader.admit = admit;
	r->reader.admit_arg = r;
	rc = read_it(r, err);
	if (rc == 0)
		take_new(set, &r->found);
	take_new(set, &r->read);
	series_passage_end(&r->passage, source->over_cap, set);
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
