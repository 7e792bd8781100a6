/* The set of lanes: made, told to stop, and asked about. */
#include <assert.h>
#include <string.h>

#include "collect/lane.h"

static struct lane *lane_of(struct fleet *fleet, const struct target *target, const char *name)
{
	struct lane *lane;

	for (size_t i = 0; i < fleet->n_lanes; i++) {
		lane = &fleet->lanes[i];
		if (lane->target == target && (lane->name == name || (name && lane->name && !strcmp(lane->name, name))))
			return lane;
	}
	lane = &fleet->lanes[fleet->n_lanes++];
	lane->fleet = fleet;
	lane->target = target;
	lane->name = name;
	return lane;
}

static void add_target(struct fleet *fleet, const struct target *target)
{
	for (size_t i = 0; i < target->n_collectors; i++) {
		struct lane *lane = lane_of(fleet, target, target->collectors[i].collector->lane);

		assert(lane->n < LANE_MAX_COLLECTORS);
		lane->collectors[lane->n++] = target->collectors[i];
	}
}

static void fleet_free(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->n_lanes; i++) {
		if (!fleet->lanes[i].joined)
			pthread_detach(fleet->lanes[i].thread);
		lane_fini(&fleet->lanes[i]);
	}
	free(fleet->lanes);
	pthread_cond_destroy(&fleet->done);
	pthread_mutex_destroy(&fleet->lock);
	if (fleet->release)
		fleet->release(fleet->owner);
	free(fleet);
}

static struct fleet *fleet_alloc(const struct target *targets, size_t n, const struct roots *roots)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));
	size_t most = 0;
	pthread_condattr_t attr;

	for (size_t i = 0; i < n; i++)
		most += targets[i].n_collectors;
	if (fleet)
		fleet->lanes = calloc(most + 1, sizeof(*fleet->lanes));
	if (!fleet || !fleet->lanes)
		abort();
	pthread_mutex_init(&fleet->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&fleet->done, &attr);
	pthread_condattr_destroy(&attr);
	fleet->refs = 1;
	fleet->roots = *roots;
	fleet->targets = targets;
	fleet->n_targets = n;
	return fleet;
}

int fleet_new(struct fleet **out, const struct target *targets, size_t n, const struct roots *roots,
              void (*release)(void *owner), void *owner, struct err *err)
{
	struct fleet *fleet = fleet_alloc(targets, n, roots);

	for (size_t i = 0; i < n; i++)
		add_target(fleet, &targets[i]);
	for (size_t i = 0; i < fleet->n_lanes; i++) {
		pthread_mutex_lock(&fleet->lock);
		fleet->refs++;
		fleet->live_lanes++;
		pthread_mutex_unlock(&fleet->lock);
		if (lane_start(&fleet->lanes[i], err) == 0)
			continue;
		pthread_mutex_lock(&fleet->lock);
		fleet->refs--;
		fleet->live_lanes--;
		fleet->n_lanes = i + 1;
		fleet->lanes[i].joined = true; /* it has no thread */
		pthread_mutex_unlock(&fleet->lock);
		fleet_stop(fleet);
		fleet_drain(fleet, clock_mono_ns() + NS_PER_S);
		fleet_unref(fleet);
		return -1;
	}
	fleet->release = release;
	fleet->owner = owner;
	*out = fleet;
	return 0;
}

struct fleet *fleet_ref(struct fleet *fleet)
{
	pthread_mutex_lock(&fleet->lock);
	fleet->refs++;
	pthread_mutex_unlock(&fleet->lock);
	return fleet;
}

void fleet_unref(struct fleet *fleet)
{
	bool last;

	if (!fleet)
		return;
	pthread_mutex_lock(&fleet->lock);
	last = --fleet->refs == 0;
	pthread_mutex_unlock(&fleet->lock);
	if (last)
		fleet_free(fleet);
}

void fleet_stop(struct fleet *fleet)
{
	pthread_mutex_lock(&fleet->lock);
	fleet->stopping = true;
	for (size_t i = 0; i < fleet->n_lanes; i++)
		pthread_cond_signal(&fleet->lanes[i].wake);
	pthread_mutex_unlock(&fleet->lock);
}

/* Their work is over; what libraries keep for a thread is freed when it ends, which is waited for here. */
static void join_lanes(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->n_lanes; i++)
		if (!fleet->lanes[i].joined)
			fleet->lanes[i].joined = pthread_join(fleet->lanes[i].thread, NULL) == 0;
}

bool fleet_drain(struct fleet *fleet, int64_t deadline_ns)
{
	struct timespec until = {deadline_ns / NS_PER_S, deadline_ns % NS_PER_S};
	bool drained;
	int rc = 0;

	pthread_mutex_lock(&fleet->lock);
	while (fleet->live_lanes && !rc)
		rc = pthread_cond_timedwait(&fleet->done, &fleet->lock, &until);
	drained = !fleet->live_lanes;
	pthread_mutex_unlock(&fleet->lock);
	if (drained)
		join_lanes(fleet);
	return drained;
}

const struct target *fleet_targets(const struct fleet *fleet, size_t *n)
{
	*n = fleet->n_targets;
	return fleet->targets;
}

static void lane_status(const struct lane *lane, int64_t now, struct arena *a, struct lane_status *out)
{
	*out = (struct lane_status){
		.exporter = lane->target->exporter->name,
		.target = lane->target->name,
		.lane = lane->name,
		.ever = lane->ever,
		.up = lane->up,
		.late = lane->late,
		.duration = lane->run_duration,
		.age = lane->finished_ns ? ns_to_seconds(now - lane->finished_ns) : 0,
		.samples = lane->samples,
		.error = lane->error.text[0] ? arena_strdup(a, lane->error.text) : NULL,
	};
	for (size_t i = 0; i < lane->n; i++)
		out->timeouts += lane->timeouts[i];
}

size_t fleet_status(struct fleet *fleet, struct arena *a, struct lane_status **out)
{
	int64_t now = clock_mono_ns();

	*out = ARENA_ARRAY(a, struct lane_status, fleet->n_lanes + 1);
	pthread_mutex_lock(&fleet->lock);
	for (size_t i = 0; i < fleet->n_lanes; i++)
		lane_status(&fleet->lanes[i], now, a, &(*out)[i]);
	pthread_mutex_unlock(&fleet->lock);
	return fleet->n_lanes;
}

const struct metric_desc fleet_metrics[] = {
	{"vedette_target_up", "Whether the target answered before the deadline of its last scrape and let us in.",
         METRIC_GAUGE, "exporter,target"},
	{"vedette_target_last_scrape_age_seconds", "Time since the target last answered in full.", METRIC_GAUGE,
         "exporter,target"},
	{"vedette_target_error_info", "Why the target's last scrape was incomplete; there only while it is so.",
         METRIC_GAUGE, "exporter,target,error"},
	{"vedette_collector_success", "Whether the collector succeeded in its last scrape.", METRIC_GAUGE,
         "exporter,target,collector"},
	{"vedette_collector_duration_seconds", "Time that the collector took when it last ran to its end.",
         METRIC_GAUGE, "exporter,target,collector"},
	{"vedette_collector_timeouts_total", "Scrapes that were served without this collector because it was late.",
         METRIC_COUNTER, "exporter,target,collector"},
	{0},
};

enum { TARGET_UP, TARGET_AGE, TARGET_ERROR, COLLECTOR_SUCCESS, COLLECTOR_DURATION, COLLECTOR_TIMEOUTS };

static void collector_samples(const struct lane *lane, size_t i, struct sample_set *set)
{
	const char *exporter = lane->target->exporter->name;
	const char *target = lane_label(lane);
	const char *collector = lane->collectors[i].collector->name;

#define WHERE LABELS({"exporter", exporter}, {"target", target}, {"collector", collector})
	if (lane->ever) {
		sample_add(set, &fleet_metrics[COLLECTOR_SUCCESS], lane->success[i], WHERE);
		sample_add(set, &fleet_metrics[COLLECTOR_DURATION], lane->duration[i], WHERE);
	}
	sample_add(set, &fleet_metrics[COLLECTOR_TIMEOUTS], (double)lane->timeouts[i], WHERE);
#undef WHERE
}

static void lane_samples(const struct lane *lane, int64_t now, struct sample_set *set)
{
	const char *exporter = lane->target->exporter->name;
	const char *target = lane_label(lane);

	if (lane->ever)
		sample_add(set, &fleet_metrics[TARGET_UP], lane->up,
		           LABELS({"exporter", exporter}, {"target", target}));
	if (lane->finished_ns)
		sample_add(set, &fleet_metrics[TARGET_AGE], ns_to_seconds(now - lane->finished_ns),
		           LABELS({"exporter", exporter}, {"target", target}));
	if (lane->error.text[0])
		sample_add(set, &fleet_metrics[TARGET_ERROR], 1,
		           LABELS({"exporter", exporter}, {"target", target}, {"error", lane->error.text}));
	for (size_t i = 0; i < lane->n; i++)
		collector_samples(lane, i, set);
}

void fleet_samples(struct fleet *fleet, struct sample_set *set)
{
	int64_t now = clock_mono_ns();

	pthread_mutex_lock(&fleet->lock);
	for (size_t i = 0; i < fleet->n_lanes; i++)
		lane_samples(&fleet->lanes[i], now, set);
	pthread_mutex_unlock(&fleet->lock);
}
