/* The stages of a configured source, and one run of them for each of its files.
 *
 * A plan is immutable but for its totals, and outlives the pipelines made from it. A pipeline has the state that stages
 * keep of one file; it belongs to the pipeline's thread. Entries leave through a sink, which copies what it wants: the
 * texts are gone when it returns. */
#pragma once

#include "base/arena.h"
#include "config/field.h"
#include "logs/entry.h"
#include "logs/stage.h"
#include "metric/metric.h"

struct plan;
struct pipeline;

/* The rows of a list of stages, for FIELD_CHOICES, and its check. */
const struct field *stage_fields(struct arena *a);
int stage_check(const struct field *f, const struct list *list, size_t i, struct err *err);

/* A stage with nothing but defaults, as if it had been written down. */
struct chosen stage_default(struct arena *a, const char *name);

/* `stages` is a bound list of choices and outlives the plan. */
MUST_CHECK int plan_new(struct plan **out, const struct list *stages, struct err *err);
void plan_free(struct plan *p); /* NULL is allowed */

/* Adds what the stages count, and the families of metrics stages; any thread. */
void plan_collect(const struct plan *p, const char *source, struct sample_set *set);
extern const struct metric_desc plan_metrics[]; /* what plan_collect may add, besides the metrics stages' own */

struct pipeline_sink {
	/* An entry at its end: with `dropped`, it is given up and only its range counts. */
	void (*entry)(void *arg, const struct log_entry *e);
	/* Shows each step, for people; NULL in service. `before` is called with the entry as the stage gets it. */
	void (*before)(void *arg, const struct stage *s, const struct log_entry *e);
	void (*after)(void *arg, const struct stage *s, const struct log_entry *e, enum stage_result result);
	void *arg;
};

struct pipeline *pipeline_new(const struct plan *p, const struct pipeline_sink *sink);
void pipeline_free(struct pipeline *p); /* forgets what is held; NULL is allowed */

/* One line. now_ns is monotonic. */
void pipeline_push(struct pipeline *p, struct log_entry *e, int64_t now_ns);

/* Emits what has been held for long enough, or everything at the end of the file. */
void pipeline_flush(struct pipeline *p, int64_t now_ns, bool end);

/* When flush has something to do next; INT64_MAX: nothing is held. */
int64_t pipeline_due_ns(const struct pipeline *p);

/* Where the earliest of what is held begins: no checkpoint may pass it. UINT64_MAX: nothing is held. */
uint64_t pipeline_held_from(const struct pipeline *p);
