#include "collect/lane.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"
#include "collect/memo.h"
#include "collect/statfs_pool.h"
#include "collect/sticky.h"
#include "net/http.h"
#include "net/pg.h"

#define LOG_AGAIN_NS (60 * NS_PER_S)

static int real_uname(struct utsname *out)
{
	return uname(out);
}

static int real_adjtimex(struct timex *io)
{
	return adjtimex(io);
}

static int real_clock(clockid_t clock, struct timespec *out)
{
	return clock_gettime(clock, out);
}

static const struct kernel real_kernel = {real_uname, real_adjtimex, real_clock};

const char *lane_label(const struct lane *lane)
{
	return lane->label;
}

static char *make_label(const struct lane *lane)
{
	const char *target = lane->target->name ? lane->target->name : "", *name = lane->name ? lane->name : "";
	char *label;

	if (asprintf(&label, "%s%s%s", target, *target && *name ? "/" : "", name) < 0)
		abort();
	return label;
}

static struct run *run_new(struct lane *lane, uint64_t mask, bool full, int64_t deadline_ns)
{
	struct run *run = lane->spare;
	struct arena arena = {0};

	lane->spare = NULL;
	if (run)
		arena = run->arena;
	else
		run = malloc(sizeof(*run));
	if (!run)
		abort();
	*run = (struct run){.lane = lane, .refs = 1, .mask = mask, .full = full, .deadline_ns = deadline_ns};
	run->arena = arena;
	arena_reset(&run->arena);
	return run;
}

void run_unref(struct run *run)
{
	if (!run || --run->refs > 0)
		return;
	if (!run->lane->spare) {
		run->lane->spare = run;
		return;
	}
	arena_fini(&run->arena);
	free(run);
}

const struct metric_desc lane_metrics[] = {
	{"node_scrape_collector_duration_seconds", "Time that a collector of the host took in this scrape.",
         METRIC_GAUGE, "collector"},
	{"node_scrape_collector_success", "Whether a collector of the host succeeded in this scrape.", METRIC_GAUGE,
         "collector"},
	{"pg_scrape_collector_duration_seconds", "Time that a collector of PostgreSQL took in this scrape.",
         METRIC_GAUGE, "collector"},
	{"pg_scrape_collector_success", "Whether a collector of PostgreSQL succeeded in this scrape.", METRIC_GAUGE,
         "collector"},
	{0},
};

/* The community's exporter of the same facts has such a pair under its own prefix: duration, then success. */
static void add_scrape_samples(struct run *run, size_t i)
{
	const char *prefix = run->lane->target->exporter->scrape_prefix;
	const char *collector = run->lane->collectors[i].collector->name;
	const struct metric_desc *d = lane_metrics;

	if (!prefix)
		return;
	while (d->name && strncmp(d->name, prefix, strlen(prefix)) != 0)
		d++;
	assert(d->name);
	sample_add(&run->set, &d[0], run->duration[i], LABELS({"collector", collector}));
	sample_add(&run->set, &d[1], run->success[i], LABELS({"collector", collector}));
}

/* A server that does not answer is to be reported before the scrape's own deadline. */
static int64_t sooner(const struct run *run)
{
	int64_t whole = run->deadline_ns - run->started_ns;

	return run->deadline_ns - (whole / 8 < 100 * NS_PER_MS ? whole / 8 : 100 * NS_PER_MS);
}

static void run_collector(struct run *run, size_t i)
{
	struct lane *lane = run->lane;
	const struct enabled_collector *enabled = &lane->collectors[i];
	int64_t start = clock_mono_ns();
	struct err err = {""};
	struct probe probe = {
		.arena = &run->arena,
		.deadline_ns = lane->pg || lane->http ? sooner(run) : run->deadline_ns,
		.config = enabled->config,
		.name = lane->target->name,
		.target = lane->target->config,
		.reader = lane->reader,
		.statfs = lane->statfs,
		.kernel = &real_kernel,
		.pg = lane->pg,
		.http = lane->http,
		.sticky = lane->sticky,
		.memo = lane->memo,
		.note = &run->note,
	};

	__atomic_store_n(&lane->running, i, __ATOMIC_RELAXED);
	run->success[i] = enabled->collector->collect(&probe, &run->set, &err) == 0;
	run->duration[i] = ns_to_seconds(clock_mono_ns() - start);
	if (!run->success[i] && !run->error.text[0])
		err_set(&run->error, "%s: %.200s", enabled->collector->name, err.text);
	add_scrape_samples(run, i);
}

static void execute(struct run *run)
{
	struct lane *lane = run->lane;

	sample_set_init(&run->set, &run->arena, lane->target->name);
	if (lane->pg)
		pg_begin(lane->pg);
	for (size_t i = 0; i < lane->n; i++) {
		if (!(run->mask >> i & 1))
			continue;
		run_collector(run, i);
		run->up = run->up || run->success[i];
	}
	if (lane->pg)
		run->up = pg_answered(lane->pg);
	reader_sweep(lane->reader);
}

/* Each new note once a minute at most: one may hold a number that is another one each time. Called without the lock, as
 * report is. */
static void pass_note_on(struct lane *lane, const struct run *run)
{
	const char *note = run->note.text;
	int64_t now = clock_mono_ns();

	if (!strcmp(note, lane->noted.text) || (*note && lane->noted.text[0] && now - lane->noted_ns < LOG_AGAIN_NS))
		return;
	if (*note)
		LOG(WARN, "target reports a failure", "exporter", lane->target->exporter->name, "target",
		    lane_label(lane), "err", note);
	else
		LOG(INFO, "target reports no failure any more", "exporter", lane->target->exporter->name, "target",
		    lane_label(lane));
	lane->noted = run->note;
	lane->noted_ns = now;
}

/* Says when a lane begins to fail or recovers, and reminds once a minute. Called without the lock. */
static void report(struct lane *lane, const struct run *run)
{
	bool good = !run->error.text[0];
	int64_t now = clock_mono_ns();

	if (good == lane->logged_up && (good || now - lane->logged_ns < LOG_AGAIN_NS))
		return;
	if (good)
		LOG(INFO, "target recovered", "exporter", lane->target->exporter->name, "target", lane_label(lane));
	else
		LOG(WARN, "collector failed", "exporter", lane->target->exporter->name, "target", lane_label(lane),
		    "err", run->error.text);
	lane->logged_up = good;
	lane->logged_ns = now;
}

static void publish(struct lane *lane, const struct run *run)
{
	lane->ever = true;
	lane->up = run->up;
	lane->error = run->error.text[0] ? run->error : run->note;
	lane->run_duration = ns_to_seconds(run->finished_ns - run->started_ns);
	lane->finished_ns = run->finished_ns;
	lane->samples = run->set.count;
	memcpy(lane->success, run->success, sizeof(lane->success));
	memcpy(lane->duration, run->duration, sizeof(lane->duration));
}

static void finish(struct lane *lane, struct run *run)
{
	run->finished_ns = clock_mono_ns();
	run->done = true;
	lane->current = NULL;
	lane->late = false;
	if (run->full && run->missed)
		lane->finished_ns = run->finished_ns;
	else if (run->full)
		publish(lane, run);
	for (struct gather_part *part = run->waiters, *next; part; part = next) {
		next = part->next_waiter;
		gather_part_done(part);
	}
	run->waiters = NULL;
	run_unref(run);
	pthread_cond_broadcast(&lane->fleet->done);
}

static struct run *pop_queue(struct lane *lane)
{
	struct run *run = lane->queue;

	lane->queue = run->next;
	lane->queued--;
	return run;
}

/* The next run that somebody still waits for; NULL when the lane is to end, which it does only when its queue is
 * empty: after a reload, scrapes that were kicked before are answered as before. */
static struct run *next_run(struct lane *lane)
{
	for (;;) {
		while (!lane->queue && !lane->fleet->stopping)
			pthread_cond_wait(&lane->wake, &lane->fleet->lock);
		if (!lane->queue)
			return NULL;
		if (lane->queue->refs > 1)
			break;
		run_unref(pop_queue(lane));
	}
	lane->current = pop_queue(lane);
	lane->current->started = true;
	lane->current->started_ns = clock_mono_ns();
	return lane->current;
}

static void *lane_main(void *arg)
{
	struct lane *lane = arg;
	struct fleet *fleet = lane->fleet;
	struct run *run;

	pthread_mutex_lock(&fleet->lock);
	while ((run = next_run(lane))) {
		pthread_mutex_unlock(&fleet->lock);
		execute(run);
		report(lane, run);
		pass_note_on(lane, run);
		pthread_mutex_lock(&fleet->lock);
		finish(lane, run);
	}
	fleet->live_lanes--;
	pthread_cond_broadcast(&fleet->done);
	pthread_mutex_unlock(&fleet->lock);
	fleet_unref(fleet);
	return NULL;
}

/* A target has one client, so that it never has more connections than that allows. */
static struct pg *make_client(const struct target *target)
{
	if (target->exporter->target == TARGET_PG)
		return pg_new(target->config, PG_SERVER);
	if (target->exporter->target == TARGET_PGBOUNCER)
		return pg_new(target->config, PG_CONSOLE);
	return NULL;
}

int lane_start(struct lane *lane, struct err *err)
{
	char name[16];

	lane->label = make_label(lane);
	lane->reader = reader_new(&lane->fleet->roots);
	lane->memo = memo_new();
	lane->logged_up = true;
	if (!lane->name)
		lane->pg = make_client(lane->target);
	if (lane->target->exporter->target == TARGET_HTTP)
		lane->http = http_new();
	if (lane->pg)
		lane->sticky = sticky_new();
	pthread_cond_init(&lane->wake, NULL);
	snprintf(name, sizeof(name), "lane:%s", lane->name ? lane->name : lane->target->exporter->name);
	if (statfs_pool_new(&lane->statfs, err) < 0)
		return -1;
	return thread_start(&lane->thread, name, false, lane_main, lane, err);
}

void lane_fini(struct lane *lane)
{
	if (lane->spare) {
		arena_fini(&lane->spare->arena);
		free(lane->spare);
	}
	free(lane->label);
	reader_free(lane->reader);
	statfs_pool_free(lane->statfs);
	pg_free(lane->pg);
	http_free(lane->http);
	sticky_free(lane->sticky);
	memo_free(lane->memo);
	pthread_cond_destroy(&lane->wake);
}

static bool joinable(const struct run *run, int64_t now_ns)
{
	return run && run->full && !run->missed && now_ns < run->deadline_ns;
}

static bool is_late(const struct lane *lane, int64_t now_ns)
{
	return lane->current && (lane->current->missed || now_ns >= lane->current->deadline_ns);
}

struct run *lane_kick(struct lane *lane, uint64_t mask, int64_t deadline_ns, int64_t now_ns)
{
	bool full = mask == UINT64_MAX >> (64 - lane->n);
	struct run **tail = &lane->queue;
	struct run *run;

	if (is_late(lane, now_ns))
		return NULL;
	if (full && joinable(lane->current, now_ns)) {
		lane->current->refs++;
		return lane->current;
	}
	for (; *tail; tail = &(*tail)->next)
		if (full && joinable(*tail, now_ns)) {
			(*tail)->refs++;
			return *tail;
		}
	if (lane->queued >= LANE_MAX_QUEUE)
		return NULL;
	run = run_new(lane, mask, full, deadline_ns);
	run->refs++; /* one for the queue, one for the caller */
	*tail = run;
	lane->queued++;
	lane->kicked = true;
	return run;
}

void lane_missed(struct lane *lane, struct run *run)
{
	if (run->done || run->missed)
		return;
	run->missed = true;
	if (!run->started)
		return;
	lane->late = true;
	lane->up = false;
	lane->ever = true;
	lane->timeouts[__atomic_load_n(&lane->running, __ATOMIC_RELAXED)]++;
	memset(lane->success, 0, sizeof(lane->success));
	err_set(&lane->error, "%s: no answer before the deadline",
	        lane->collectors[__atomic_load_n(&lane->running, __ATOMIC_RELAXED)].collector->name);
}
