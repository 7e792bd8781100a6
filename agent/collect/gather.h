/* All lanes of one configuration, and the scrapes that wait for them.
 *
 * A fleet is reference-counted: a reload makes a new one while scrapes still finish on the old. A gather is one
 * scrape: it kicks the lanes it needs and is done when all have answered; whoever started it also ends it.
 * Functions here may be called from any thread; one gather is used by one thread. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "collect/target.h"
#include "metric/exposition.h"

struct fleet;
struct gather;

/* `targets` and all they point to must outlive the fleet: `release(owner)` is called when its last user, which
 * may be a thread that was stuck, has gone. */
MUST_CHECK int fleet_new(struct fleet **out, const struct target *targets, size_t n, const struct roots *roots,
                         void (*release)(void *owner), void *owner, struct err *err);
struct fleet *fleet_ref(struct fleet *fleet);
void fleet_unref(struct fleet *fleet);                      /* NULL is allowed */
void fleet_stop(struct fleet *fleet);                       /* no more scrapes; lanes end when they are idle */
bool fleet_drain(struct fleet *fleet, int64_t deadline_ns); /* after a stop: whether all lanes have ended by then */

struct gather_request {
	const char *exporter;       /* NULL: all */
	const char *target;         /* NULL: all targets of the exporter */
	const char *const *collect; /* only these collectors ("loadavg"); NULL-terminated; NULL or empty: all */
	const char *const *exclude; /* all but these */
	int64_t deadline_ns;        /* monotonic */
	int event_fd;               /* an eventfd to be written when the last lane has answered; -1: none */
};

/* NULL with err where the exporter, target or a collector of that name is not there, or when too many filtered
 * scrapes are under way. */
struct gather *gather_start(struct fleet *fleet, const struct gather_request *request, struct err *err);
bool gather_done(struct gather *g); /* all answered, or the deadline has passed */
int64_t gather_deadline(const struct gather *g);
void gather_wait(struct gather *g); /* blocks until done */

/* For a gather of a single target: it answered in time and let us in. */
bool gather_up(struct gather *g);

/* Writes what the lanes that were in time brought, then the agent's own families. `agent` may be NULL. Call it
 * (and fleet_samples for the same scrape) once gather_done has said true. */
void gather_write(struct gather *g, enum exposition_format format, const struct sample_set *agent, struct buf *out);
void gather_free(struct gather *g);

/* For /metrics/agent and the status page: one row per lane. Strings are in the arena. */
struct lane_status {
	const char *exporter, *target; /* target NULL: unnamed */
	const char *lane;              /* NULL: the target's own */
	bool ever;                     /* it has finished once */
	bool up;
	bool late;       /* still in a run whose deadline has passed */
	double duration; /* seconds, of the last finished run */
	double age;      /* seconds since it finished */
	uint64_t timeouts;
	size_t samples;
	const char *error; /* first collector that failed in the last run: "loadavg: …"; NULL: none */
};
size_t fleet_status(struct fleet *fleet, struct arena *a, struct lane_status **out);

/* Adds vedette_target_up, vedette_collector_timeouts_total and their like for all lanes, without kicking any. */
void fleet_samples(struct fleet *fleet, struct sample_set *set);
extern const struct metric_desc lane_metrics[];  /* what each lane adds to its own samples */
extern const struct metric_desc fleet_metrics[]; /* what fleet_samples can add; ends with an empty row */

/* Names for /sd and for the routes. */
const struct target *fleet_targets(const struct fleet *fleet, size_t *n);
