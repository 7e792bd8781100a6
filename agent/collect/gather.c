#include "collect/gather.h"

#include <string.h>
#include <sys/eventfd.h>

#include "collect/lane.h"

struct gather {
	struct fleet *fleet;
	int64_t deadline_ns;
	int event_fd;
	size_t pending; /* under the fleet's lock */
	bool ended;     /* the deadline has passed and what is missing is marked */
	struct arena scratch;
	size_t n;
	struct gather_part parts[];
};

enum {
	FILTERED_MAX = 8, /* filtered scrapes under way at once */
	LANES_AT_ONCE = 32,
};

static bool wanted(const char *const *list, const char *name)
{
	for (; list && *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

static bool same_name(const char *name, const char *asked)
{
	return name && !strcmp(name, asked);
}

/* A collector that is attached to another exporter's target is found by its own exporter's name too. */
static bool collector_matches(const struct lane *lane, size_t i, const struct gather_request *rq)
{
	const struct exporter *attached = lane->collectors[i].attached;

	return !rq->exporter || !strcmp(lane->target->exporter->name, rq->exporter) ||
	       (attached && !strcmp(attached->name, rq->exporter));
}

static bool exporter_matches(const struct lane *lane, const struct gather_request *rq)
{
	for (size_t i = 0; i < lane->n; i++)
		if (collector_matches(lane, i, rq))
			return true;
	return false;
}

/* What is not for /metrics is asked by the name of its exporter only. */
static bool in_question(const struct lane *lane, const struct gather_request *rq)
{
	const struct exporter *e = lane->target->exporter;

	return rq->exporter || !e->in_main || e->in_main(lane->target->config);
}

static bool lane_matches(const struct lane *lane, const struct gather_request *rq)
{
	return in_question(lane, rq) && exporter_matches(lane, rq) &&
	       (!rq->target || same_name(lane->target->name, rq->target));
}

static uint64_t mask_of(const struct lane *lane, const struct gather_request *rq)
{
	bool some = rq->collect && *rq->collect;
	uint64_t mask = 0;

	for (size_t i = 0; i < lane->n; i++) {
		const char *name = lane->collectors[i].collector->name;

		if (collector_matches(lane, i, rq) && (!some || wanted(rq->collect, name)) &&
		    !wanted(rq->exclude, name))
			mask |= UINT64_C(1) << i;
	}
	return mask;
}

static bool collector_exists(const struct fleet *fleet, const struct gather_request *rq, const char *name)
{
	for (size_t i = 0; i < fleet->n_lanes; i++)
		for (size_t k = 0; lane_matches(&fleet->lanes[i], rq) && k < fleet->lanes[i].n; k++)
			if (!strcmp(fleet->lanes[i].collectors[k].collector->name, name))
				return true;
	return false;
}

static int check_names(const struct fleet *fleet, const struct gather_request *rq, const char *const *names,
                       struct err *err)
{
	for (; names && *names; names++)
		if (!collector_exists(fleet, rq, *names))
			return err_set(err, "no collector %.64s is enabled here", *names);
	return 0;
}

static int check_request(const struct fleet *fleet, const struct gather_request *rq, struct err *err)
{
	bool exporter = !rq->exporter, target = !rq->target;

	for (size_t i = 0; i < fleet->n_lanes; i++) {
		bool here = exporter_matches(&fleet->lanes[i], rq);

		exporter = exporter || here;
		target = target || (here && same_name(fleet->lanes[i].target->name, rq->target));
	}
	if (!exporter)
		return err_set(err, "no exporter %.64s is configured", rq->exporter);
	if (!target)
		return err_set(err, "%s has no target %.64s", rq->exporter, rq->target);
	if (check_names(fleet, rq, rq->collect, err) < 0)
		return -1;
	return check_names(fleet, rq, rq->exclude, err);
}

static void add_part(struct gather *g, struct lane *lane, uint64_t mask, int64_t now)
{
	struct gather_part *part = &g->parts[g->n++];
	struct run *run = lane_kick(lane, mask, g->deadline_ns, now);

	*part = (struct gather_part){.gather = g, .lane = lane, .run = run};
	if (!run)
		return;
	part->next_waiter = run->waiters;
	run->waiters = part;
	g->pending++;
}

static bool too_many_filtered(const struct fleet *fleet, const struct gather_request *rq)
{
	bool filtered = (rq->collect && *rq->collect) || (rq->exclude && *rq->exclude);

	for (size_t i = 0; filtered && i < fleet->n_lanes; i++)
		if (fleet->lanes[i].queued >= FILTERED_MAX)
			return true;
	return false;
}

/* Lanes are woken when the lock is free, lest they wake only to wait for it. */
static void unlock_and_wake(struct fleet *fleet)
{
	struct lane *kicked[LANES_AT_ONCE];
	size_t n = 0;

	for (size_t i = 0; i < fleet->n_lanes; i++) {
		struct lane *lane = &fleet->lanes[i];

		if (!lane->kicked)
			continue;
		lane->kicked = false;
		if (n < LANES_AT_ONCE)
			kicked[n++] = lane;
		else
			pthread_cond_signal(&lane->wake);
	}
	pthread_mutex_unlock(&fleet->lock);
	for (size_t i = 0; i < n; i++)
		pthread_cond_signal(&kicked[i]->wake);
}

struct gather *gather_start(struct fleet *fleet, const struct gather_request *rq, struct err *err)
{
	int64_t now = clock_mono_ns();
	struct gather *g;

	if (check_request(fleet, rq, err) < 0)
		return NULL;
	g = calloc(1, sizeof(*g) + fleet->n_lanes * sizeof(g->parts[0]));
	if (!g)
		abort();
	g->fleet = fleet_ref(fleet);
	g->deadline_ns = rq->deadline_ns;
	g->event_fd = rq->event_fd;
	pthread_mutex_lock(&fleet->lock);
	if (too_many_filtered(fleet, rq)) {
		pthread_mutex_unlock(&fleet->lock);
		gather_free(g);
		err_set(err, "too many filtered scrapes are under way; try again in a moment");
		return NULL;
	}
	for (size_t i = 0; i < fleet->n_lanes; i++) {
		uint64_t mask = lane_matches(&fleet->lanes[i], rq) ? mask_of(&fleet->lanes[i], rq) : 0;

		if (mask)
			add_part(g, &fleet->lanes[i], mask, now);
	}
	unlock_and_wake(fleet);
	return g;
}

void gather_part_done(struct gather_part *part)
{
	struct gather *g = part->gather;

	if (--g->pending == 0 && g->event_fd >= 0)
		eventfd_write(g->event_fd, 1);
}

static void unlink_waiter(struct gather_part *part)
{
	struct gather_part **p = &part->run->waiters;

	while (*p && *p != part)
		p = &(*p)->next_waiter;
	if (*p)
		*p = part->next_waiter;
}

/* With the lock held: nobody waits for what is still missing. */
static void give_up(struct gather *g)
{
	for (size_t i = 0; i < g->n; i++) {
		struct run *run = g->parts[i].run;

		if (!run || run->done)
			continue;
		unlink_waiter(&g->parts[i]);
		if (run->full || !run->waiters)
			lane_missed(g->parts[i].lane, run);
		run_unref(run);
		g->parts[i].run = NULL;
	}
	g->pending = 0;
}

bool gather_done(struct gather *g)
{
	bool done;

	pthread_mutex_lock(&g->fleet->lock);
	if (g->pending && clock_mono_ns() >= g->deadline_ns)
		give_up(g);
	done = g->pending == 0;
	pthread_mutex_unlock(&g->fleet->lock);
	return done;
}

int64_t gather_deadline(const struct gather *g)
{
	return g->deadline_ns;
}

void gather_wait(struct gather *g)
{
	struct timespec until = {g->deadline_ns / NS_PER_S, g->deadline_ns % NS_PER_S};
	int rc = 0;

	pthread_mutex_lock(&g->fleet->lock);
	while (g->pending && !rc)
		rc = pthread_cond_timedwait(&g->fleet->done, &g->fleet->lock, &until);
	pthread_mutex_unlock(&g->fleet->lock);
	while (!gather_done(g))
		continue; /* the timed wait may end a moment early */
}

/* What runs beside the target (lanes with a name) may be late without the target being down: it only decides where
 * nothing else was asked for. */
bool gather_up(struct gather *g)
{
	bool up = g->n > 0, own = false;

	for (size_t i = 0; i < g->n; i++)
		own = own || !g->parts[i].lane->name;
	for (size_t i = 0; i < g->n; i++)
		if (!own || !g->parts[i].lane->name)
			up = up && g->parts[i].run && g->parts[i].run->up;
	return up;
}

void gather_write(struct gather *g, enum exposition_format format, const struct sample_set *agent, struct buf *out)
{
	const struct sample_set **sets = ARENA_ARRAY(&g->scratch, const struct sample_set *, g->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++)
		if (g->parts[i].run)
			sets[n++] = &g->parts[i].run->set;
	if (agent)
		sets[n++] = agent;
	(void)buf_room(out, __atomic_load_n(&g->fleet->usual_bytes, __ATOMIC_RELAXED));
	exposition_write(out, format, &g->scratch, sets, n);
	__atomic_store_n(&g->fleet->usual_bytes, out->len, __ATOMIC_RELAXED);
}

void gather_free(struct gather *g)
{
	struct fleet *fleet;

	if (!g)
		return;
	fleet = g->fleet;
	pthread_mutex_lock(&fleet->lock);
	for (size_t i = 0; i < g->n; i++) {
		if (!g->parts[i].run)
			continue;
		unlink_waiter(&g->parts[i]);
		run_unref(g->parts[i].run);
	}
	pthread_mutex_unlock(&fleet->lock);
	arena_fini(&g->scratch);
	free(g);
	fleet_unref(fleet);
}
