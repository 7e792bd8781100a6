/* Inside of the fleet: lanes, their runs, and who waits for them. Only lane.c, fleet.c and gather.c include this.
 *
 * A lane is one target (or the part of it that may hang by itself) with a thread of its own. A run is one
 * collection on it; scrapes share a run, so it is reference-counted. Everything here is guarded by the fleet's
 * lock, but for what a run collects: that belongs to the lane's thread until the run is done, and is immutable
 * from then on. */
#pragma once

#include <pthread.h>
#include <stdbool.h>

#include "collect/gather.h"

enum { LANE_MAX_COLLECTORS = 64, LANE_MAX_QUEUE = 16 };

struct lane;

/* One lane's share of a scrape. */
struct gather_part {
	struct gather_part *next_waiter;
	struct gather *gather;
	struct lane *lane;
	struct run *run; /* NULL: the lane was late already */
};

struct run {
	struct run *next;
	struct lane *lane;
	struct gather_part *waiters;
	int refs;
	uint64_t mask; /* bit i: collectors[i] of the lane */
	bool full;     /* all collectors: may be shared and becomes the lane's last state */
	bool started, done;
	bool missed; /* somebody stopped waiting for it */
	int64_t deadline_ns, started_ns, finished_ns;

	struct arena arena;
	struct sample_set set;
	bool success[LANE_MAX_COLLECTORS];
	double duration[LANE_MAX_COLLECTORS];
	struct err error; /* of the first collector that failed; "" for none */
	struct err note;  /* what a collector wants to be logged; "" for nothing */
	bool up;
};

struct lane {
	struct fleet *fleet;
	const struct target *target;
	const char *name; /* NULL: the target's own lane */
	char *label;
	struct enabled_collector collectors[LANE_MAX_COLLECTORS];
	size_t n;

	pthread_t thread;
	bool joined;
	pthread_cond_t wake;
	struct run *queue, *current, *spare;
	size_t queued;
	bool kicked;                /* something was queued since its thread was last woken */
	struct reader *reader;      /* the lane's thread only */
	struct statfs_pool *statfs; /* the lane's thread only */
	struct pg *pg;              /* the lane's thread only; NULL unless the target is asked in SQL */
	struct http *http;          /* the lane's thread only; NULL unless the target is asked over HTTP */
	struct sticky *sticky;      /* the lane's thread only; there with pg only */
	struct memo *memo;          /* the lane\'s thread only */
	size_t running;             /* index of the collector at work */

	/* the last full run, and what was missed since */
	bool ever, up, late;
	bool success[LANE_MAX_COLLECTORS];
	double duration[LANE_MAX_COLLECTORS];
	uint64_t timeouts[LANE_MAX_COLLECTORS];
	struct err error;
	double run_duration;
	int64_t finished_ns;
	size_t samples;
	bool logged_up;
	struct err noted; /* the last note that was logged, and when */
	int64_t noted_ns;
	int64_t logged_ns;
};

struct fleet {
	pthread_mutex_t lock;
	pthread_cond_t done; /* some run has ended, or some lane's thread has */
	int refs;
	bool stopping;
	size_t live_lanes;
	struct roots roots;
	const struct target *targets;
	size_t n_targets;
	struct lane *lanes;
	size_t n_lanes;
	size_t usual_bytes; /* of the last exposition: what the next one begins with; atomic */
	void (*release)(void *owner);
	void *owner;
};

MUST_CHECK int lane_start(struct lane *lane, struct err *err);
void lane_fini(struct lane *lane);

/* With the fleet's lock held: a run for this mask, joined or queued, with a reference for the caller; NULL when
 * the lane is late or its queue is full. The caller wakes the lanes that were kicked. */
struct run *lane_kick(struct lane *lane, uint64_t mask, int64_t deadline_ns, int64_t now_ns);

/* With the lock held: the waiters' deadline has passed. */
void lane_missed(struct lane *lane, struct run *run);
void run_unref(struct run *run);

/* The label that tells lanes apart in the agent's own metrics: the target's name, the lane's, or
 * "target/lane" where it has both. */
const char *lane_label(const struct lane *lane);

/* Tells a gather that one of its runs is done; the lock is held. */
void gather_part_done(struct gather_part *part);
