/* Sizes of buckets, counted by listing them: for stores that do not tell. That costs the store a request for each 500
 * objects, so it is done rarely, for a moment in each scrape until all are counted, and not without end. */
#include "collect/memo.h"
#include "exporters/minio/common_s3.h"
#include "exporters/minio/common_s3_list.h"
#include "exporters/minio/common_s3_settings.h"

#define SLICE_NS (NS_PER_S)      /* of each scrape */
#define RETRY_NS (60 * NS_PER_S) /* at most, after a failure */

enum { PAGE_BYTES = 4 << 20, PAGE_OBJECTS = 500, EMPTY_PAGES = 100, TOKEN_BYTES = 4096 };

enum { BYTES, OBJECTS, COMPLETE, COUNTED };

static const struct metric_desc metrics[] = {
	S3_BUCKET_METRICS,
	[COMPLETE] = {"vedette_s3_bucket_usage_complete",
                      "Whether all of the bucket was listed; 0: it has more than max_objects, which were counted.",
                      METRIC_GAUGE, "bucket"},
	[COUNTED] = {"vedette_s3_bucket_usage_timestamp_seconds",
                     "When the bucket had been listed to its end, in seconds since 1970.", METRIC_GAUGE, "bucket"},
	{0},
};

struct bucket {
	char name[S3_BUCKET_BYTES];
	uint64_t bytes, objects;
	int64_t counted; /* seconds since 1970; 0: not yet */
	bool cut;
};

/* What is remembered: the last sizes, and how far the listing is that is under way. */
struct state {
	struct bucket buckets[S3_BUCKETS_MAX];
	size_t n;
	bool listing;
	int64_t next_ns; /* when to begin again */
	struct err err;  /* of this listing; "": none */

	size_t current; /* bucket */
	uint64_t bytes, objects, pages;
	char token[TOKEN_BYTES]; /* where its next page begins; "" for the first */
};

static const struct minio_target *target_of(const struct probe *p)
{
	return p->target;
}

static const struct s3_usage *settings_of(const struct probe *p)
{
	return target_of(p)->usage;
}

static struct s3 store_of(struct probe *p)
{
	return (struct s3){p, target_of(p)->access_key, target_of(p)->secret_key};
}

/* The first reason stays. */
static void note(struct state *s, const char *bucket, const struct err *err)
{
	if (!*s->err.text)
		err_set(&s->err, "%s%s%s", bucket, *bucket ? ": " : "", err->text);
}

static void begin_bucket(struct state *s, size_t i)
{
	s->current = i;
	s->bytes = s->objects = s->pages = 0;
	*s->token = '\0';
}

static void end_listing(const struct probe *p, struct state *s, bool whole)
{
	int64_t wait_ns = settings_of(p)->min_interval;

	if (!whole && wait_ns > RETRY_NS)
		wait_ns = RETRY_NS;
	s->listing = false;
	s->next_ns = clock_mono_ns() + wait_ns;
}

static struct bucket *find_bucket(struct bucket *buckets, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(buckets[i].name, name))
			return &buckets[i];
	return NULL;
}

/* The buckets to list, with what was counted of them before. */
static void set_buckets(struct state *s, const char *const *names, size_t n)
{
	struct bucket old[S3_BUCKETS_MAX];
	size_t n_old = s->n;

	memcpy(old, s->buckets, sizeof(old));
	s->n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct bucket *known = find_bucket(old, n_old, names[i]);
		struct bucket *b = &s->buckets[s->n];

		if (find_bucket(s->buckets, s->n, names[i]))
			continue;
		*b = known ? *known : (struct bucket){.counted = 0};
		snprintf(b->name, sizeof(b->name), "%s", names[i]);
		s->n++;
	}
}

static int find_buckets(struct probe *p, struct state *s, struct err *err)
{
	const struct s3_call call = {.method = "GET", .action = "s3:ListAllMyBuckets", .max_bytes = PAGE_BYTES};
	struct arena CLEANUP(arena_fini) page = {0};
	const struct s3 s3 = store_of(p);
	struct s3_buckets found;
	struct s3_reply reply;

	if (settings_of(p)->buckets.n) {
		set_buckets(s, settings_of(p)->buckets.items, settings_of(p)->buckets.n);
		return 0;
	}
	if (s3_ask(&s3, &page, &call, &reply, err) < 0 || s3_read_buckets(&page, reply.http.body, &found, err) < 0)
		return -1;
	set_buckets(s, found.names, found.n);
	if (found.more)
		note(s, "",
		     &(struct err){"there are more buckets than are counted; name those that matter in buckets"});
	return 0;
}

static void begin_listing(struct probe *p, struct state *s)
{
	struct err err;

	*s->err.text = '\0';
	begin_bucket(s, 0);
	s->listing = find_buckets(p, s, &err) == 0;
	if (s->listing)
		return;
	note(s, "", &err);
	end_listing(p, s, false);
}

/* The bucket's next page. -1: there is none to be had. */
static int ask_page(struct probe *p, struct state *s, struct arena *a, struct s3_objects *out, bool *answered,
                    struct err *err)
{
	const struct sign_parameter query[] = {
		{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "500"}, {"continuation-token", s->token}};
	const struct s3_call call = {.method = "GET",
	                             .action = "s3:ListBucket",
	                             .bucket = s->buckets[s->current].name,
	                             .query = query,
	                             .n_query = *s->token ? 4 : 3,
	                             .max_bytes = PAGE_BYTES};
	const struct s3 s3 = store_of(p);
	struct s3_reply reply;
	int rc = s3_ask(&s3, a, &call, &reply, err);

	*answered = reply.status;
	if (rc < 0 || s3_read_objects(a, reply.http.body, out, err) < 0)
		return -1;
	if (out->next && (strlen(out->next) >= TOKEN_BYTES || !strcmp(out->next, s->token)))
		return err_set(err, "the list does not go on where the store says that it does");
	return 0;
}

static bool is_at_limit(const struct probe *p, const struct state *s)
{
	uint64_t most = (uint64_t)settings_of(p)->max_objects;

	return s->objects >= most || s->pages >= most / PAGE_OBJECTS + EMPTY_PAGES;
}

static void take_page(struct probe *p, struct state *s, const struct s3_objects *page)
{
	struct bucket *b = &s->buckets[s->current];
	struct timespec now;

	s->bytes += page->bytes;
	s->objects += page->objects;
	s->pages++;
	if (page->next && !is_at_limit(p, s)) {
		snprintf(s->token, sizeof(s->token), "%s", page->next);
		return;
	}
	p->kernel->clock_gettime(CLOCK_REALTIME, &now);
	b->bytes = s->bytes;
	b->objects = s->objects;
	b->counted = now.tv_sec;
	b->cut = page->next != NULL;
	begin_bucket(s, s->current + 1);
}

/* A bucket that may not be listed keeps the others from nothing; a store that does not answer does. */
static void list_page(struct probe *p, struct state *s)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct s3_objects page;
	struct err err;
	bool answered;

	if (ask_page(p, s, &a, &page, &answered, &err) == 0) {
		take_page(p, s, &page);
		return;
	}
	note(s, s->buckets[s->current].name, &err);
	if (answered) {
		s->buckets[s->current].counted = 0;
		begin_bucket(s, s->current + 1);
	} else {
		end_listing(p, s, false);
	}
}

static void go_on(struct probe *p, struct state *s)
{
	int64_t until = clock_mono_ns() + SLICE_NS;

	while (s->listing && s->current < s->n && clock_mono_ns() < until && clock_mono_ns() < p->deadline_ns)
		list_page(p, s);
	if (s->listing && s->current == s->n)
		end_listing(p, s, true);
}

static void tell(const struct state *s, struct sample_set *set)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct bucket *b = &s->buckets[i];

		if (!b->counted)
			continue;
		sample_add(set, &metrics[BYTES], (double)b->bytes, LABELS({"bucket", b->name}));
		sample_add_same(set, &metrics[OBJECTS], (double)b->objects);
		sample_add_same(set, &metrics[COMPLETE], !b->cut);
		sample_add_same(set, &metrics[COUNTED], (double)b->counted);
	}
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	int64_t stored_ns;
	const struct state *before = memo_get(p->memo, "usage", sizeof(*before), &stored_ns);
	struct state s = before ? *before : (struct state){.n = 0};
	bool due = !s.listing && (!before || clock_mono_ns() >= s.next_ns);

	if (due)
		begin_listing(p, &s);
	if (s.listing)
		go_on(p, &s);
	if (due || (before && before->listing))
		memo_put(p->memo, "usage", &s, sizeof(s));
	tell(&s, set);
	return *s.err.text ? err_set(err, "%s", s.err.text) : 0;
}

static bool wanted(const void *target)
{
	return ((const struct minio_target *)target)->usage != NULL;
}

const struct collector collector_minio_usage = {
	.name = "usage",
	.help = "Sizes of buckets, by listing them; runs where usage: is configured.",
	.target = TARGET_HTTP,
	.lane = "s3",
	.wanted = wanted,
	.metrics = metrics,
	.collect = collect,
};
