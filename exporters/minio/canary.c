/* An object that is written, read, compared and deleted, as those who use the store do: a store may look well and take
 * nothing.
 *
 * It has one name for good, so that what a killed agent leaves is found by the next. What is in it is new each time, so
 * that old bytes are noticed. Where the bucket keeps versions, the version that was made is deleted, which leaves no
 * marker behind. */
#include <inttypes.h>

#include "collect/memo.h"
#include "exporters/minio/common_s3.h"
#include "exporters/minio/common_s3_list.h"
#include "exporters/minio/common_s3_settings.h"

enum step { PUT, GET, COMPARE, DELETE, STEPS };

static const char *const steps[STEPS] = {"put", "get", "compare", "delete"};

enum { SUCCESS, STEP_SUCCESS, STEP_DURATION, DURATION, RUNS, FAILURES, LAST_RUN };

static const struct metric_desc metrics[] = {
	[SUCCESS] = {"vedette_s3_canary_success",
                     "Whether an object could be written, read back and deleted, tried once per min_interval."},
	[STEP_SUCCESS] = {"vedette_s3_canary_step_success",
                          "Whether a step of the last try succeeded; absent for steps that it did not come to.",
                          METRIC_GAUGE, "step"},
	[STEP_DURATION] = {"vedette_s3_canary_step_duration_seconds", "How long a step of the last try took.",
                           METRIC_GAUGE, "step"},
	[DURATION] = {"vedette_s3_canary_duration_seconds", "How long all of the last try took."},
	[RUNS] = {"vedette_s3_canary_runs_total", "Tries to write, read back and delete an object.", METRIC_COUNTER},
	[FAILURES] = {"vedette_s3_canary_failures_total", "Tries in which this step failed.", METRIC_COUNTER, "step"},
	[LAST_RUN] = {"vedette_s3_canary_last_run_timestamp_seconds",
                      "When the last try began, in seconds since 1970."},
	{0},
};

/* What is remembered of the last try. */
struct state {
	uint64_t runs, failures[STEPS];
	int64_t began_ns, began_real_ns, duration_ns;
	bool tried[STEPS], success[STEPS];
	int64_t step_ns[STEPS];
	bool leftovers; /* something of ours may still be there */
	struct err err; /* "": all went well */
};

/* A try under way. */
struct run {
	struct s3 s3;
	const struct s3_canary *settings;
	struct state *state;
	const char *key, *head; /* the object's name, and what all that we ever write there begins with */
	struct span content;
	struct span got;
	const char *version; /* that was made; NULL: none is kept */
	bool marked;         /* deleting has left a marker */
};

static int64_t now_ns(const struct probe *p, clockid_t clock)
{
	struct timespec now;

	p->kernel->clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Characters that no store, proxy or policy takes for anything else. */
static char *plain(struct arena *a, const char *name)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	char *out = arena_strndup(a, name, strnlen(name, 200));

	for (char *c = out; *c; c++)
		if (!strchr(fit, *c))
			*c = '_';
	return out;
}

static void name_object(struct run *run)
{
	struct probe *p = run->s3.probe;
	struct utsname host;
	const char *who;

	p->kernel->uname(&host);
	who = plain(p->arena, host.nodename);
	if (p->name)
		who = arena_printf(p->arena, "%s.%s", who, plain(p->arena, p->name));
	run->key = arena_printf(p->arena, "%svedette-canary.%s", run->settings->prefix, who);
	run->head = arena_printf(p->arena, "vedette canary of %s, written at ", who);
}

static int ask(struct run *run, const struct s3_call *call, struct s3_reply *reply, struct err *err)
{
	struct s3_call whole = *call;

	whole.bucket = run->settings->bucket;
	return s3_ask(&run->s3, run->s3.probe->arena, &whole, reply, err);
}

static int put(struct run *run, struct err *err)
{
	const struct s3_call call = {.method = "PUT", .action = "s3:PutObject", .key = run->key, .body = &run->content};
	struct s3_reply reply;

	if (ask(run, &call, &reply, err) < 0)
		return -1;
	run->version = http_header_of(&reply.http, run->s3.probe->arena, "x-amz-version-id");
	return 0;
}

static int get(struct run *run, struct err *err)
{
	const struct s3_call call = {.method = "GET", .action = "s3:GetObject", .key = run->key};
	struct s3_reply reply;

	if (ask(run, &call, &reply, err) < 0) {
		if (reply.status == 404 && strcmp(reply.code, "NoSuchBucket") != 0)
			return err_set(err, "the store took the object, and has it no more");
		return -1;
	}
	run->got = reply.http.body;
	return 0;
}

static int compare(struct run *run, struct err *err)
{
	struct span want = run->content, got = run->got;
	size_t head = strlen(run->head), common = got.len < want.len ? got.len : want.len;

	if (got.len == want.len && !memcmp(got.s, want.s, got.len))
		return 0;
	if (!memcmp(got.s, want.s, common))
		return err_set(err, "the store gives back %zu bytes of the %zu that it took, cut or with others behind",
		               got.len, want.len);
	if (got.len != want.len || memcmp(got.s, want.s, head) != 0)
		return err_set(err, "the store gives back other bytes than it took");
	if (memcmp(got.s, want.s, want.len) < 0)
		return err_set(err, "the store gives back what was written earlier, not what it took just now");
	return err_set(err, "another agent writes the same object; agents of one host name need a prefix each");
}

static int delete_version(struct run *run, const char *version, struct err *err)
{
	const struct sign_parameter query = {"versionId", version};
	const struct s3_call call = {.method = "DELETE",
	                             .action = version ? "s3:DeleteObjectVersion" : "s3:DeleteObject",
	                             .key = run->key,
	                             .query = &query,
	                             .n_query = version ? 1 : 0};
	struct s3_reply reply;

	if (ask(run, &call, &reply, err) < 0)
		return -1;
	/* the bucket keeps versions, but did not say so */
	if (!version && http_header_of(&reply.http, run->s3.probe->arena, "x-amz-delete-marker"))
		run->marked = run->state->leftovers = true;
	return 0;
}

static int delete (struct run *run, struct err *err)
{
	return delete_version(run, run->version, err);
}

/* What was left behind is written anew and deleted by now, but for older versions. What cannot be listed or deleted is
 * let be: the steps themselves tell when that matters. */
static void clear_leftovers(struct run *run)
{
	const struct sign_parameter query[] = {{"versions", NULL}, {"prefix", run->key}, {"max-keys", "50"}};
	const struct s3_call call = {
		.method = "GET", .action = "s3:ListBucketVersions", .query = query, .n_query = ARRAY_LEN(query)};
	struct s3_versions versions = {0};
	struct s3_reply reply;
	struct err err;

	run->state->leftovers = false;
	if (!run->version && !run->marked)
		return;
	if (ask(run, &call, &reply, &err) < 0 ||
	    s3_read_versions(run->s3.probe->arena, reply.http.body, run->key, &versions, &err) < 0) {
		run->state->leftovers = !reply.status;
		return;
	}
	for (size_t i = 0; i < versions.n && !run->state->leftovers; i++)
		run->state->leftovers = delete_version(run, versions.ids[i], &err) < 0;
	run->state->leftovers = run->state->leftovers || (versions.n && versions.more);
}

static bool step(struct run *run, enum step which, int (*act)(struct run *, struct err *))
{
	struct state *s = run->state;
	int64_t began = now_ns(run->s3.probe, CLOCK_MONOTONIC);
	struct err err = {""};

	s->tried[which] = true;
	s->success[which] = act(run, &err) == 0;
	s->step_ns[which] = now_ns(run->s3.probe, CLOCK_MONOTONIC) - began;
	if (s->success[which])
		return true;
	s->failures[which]++;
	s->leftovers = true;
	if (!*s->err.text)
		err_set(&s->err, "%s: %s", steps[which], err.text);
	return false;
}

/* What was written is deleted, too, when it could not be read. */
static void try(struct run *run)
{
	struct probe *p = run->s3.probe;
	struct state *s = run->state;
	const char *text;

	s->runs++;
	s->began_ns = now_ns(p, CLOCK_MONOTONIC);
	s->began_real_ns = now_ns(p, CLOCK_REALTIME);
	*s->err.text = '\0';
	memset(s->tried, 0, sizeof(s->tried));
	text = arena_printf(p->arena, "%s%020" PRId64 " ns\n", run->head, s->began_real_ns);
	run->content = span_of(text);
	if (step(run, PUT, put)) {
		if (step(run, GET, get))
			step(run, COMPARE, compare);
		if (step(run, DELETE, delete) && s->leftovers)
			clear_leftovers(run);
	}
	s->duration_ns = now_ns(p, CLOCK_MONOTONIC) - s->began_ns;
}

static void tell(const struct state *s, struct sample_set *set)
{
	int64_t began_ms = s->began_real_ns / NS_PER_MS;

	sample_add(set, &metrics[SUCCESS], !*s->err.text, NO_LABELS);
	for (size_t i = 0; i < STEPS; i++) {
		sample_add(set, &metrics[FAILURES], (double)s->failures[i], LABELS({"step", steps[i]}));
		if (!s->tried[i])
			continue;
		sample_add_same(set, &metrics[STEP_SUCCESS], s->success[i]);
		sample_add_same(set, &metrics[STEP_DURATION], ns_to_seconds(s->step_ns[i]));
	}
	sample_add(set, &metrics[DURATION], ns_to_seconds(s->duration_ns), NO_LABELS);
	sample_add(set, &metrics[RUNS], (double)s->runs, NO_LABELS);
	sample_add(set, &metrics[LAST_RUN], (double)began_ms / 1e3, NO_LABELS);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct minio_target *t = p->target;
	const struct s3_canary *c = t->canary;
	int64_t stored_ns;
	const struct state *before = memo_get(p->memo, "canary", sizeof(*before), &stored_ns);
	struct state s = before ? *before : (struct state){.leftovers = true};

	if (!before || now_ns(p, CLOCK_MONOTONIC) - s.began_ns >= c->min_interval) {
		struct run run = {.s3 = {p, c->access_key ? c->access_key : t->access_key,
		                         c->secret_key ? c->secret_key : t->secret_key},
		                  .settings = c,
		                  .state = &s};

		name_object(&run);
		try(&run);
		memo_put(p->memo, "canary", &s, sizeof(s));
	}
	tell(&s, set);
	return *s.err.text ? err_set(err, "%s", s.err.text) : 0;
}

static bool wanted(const void *target)
{
	return ((const struct minio_target *)target)->canary != NULL;
}

const struct collector collector_minio_canary = {
	.name = "canary",
	.help = "Writes, reads and deletes an object in any store that speaks S3; runs where canary: is configured.",
	.target = TARGET_HTTP,
	.lane = "s3",
	.wanted = wanted,
	.metrics = metrics,
	.collect = collect,
};
