/* What a stage of the log pipeline is: one file in agent/logs/stages and one line in stages.def.
 *
 * Its settings are a row of fields; `prepare` turns them once into what `run` works with. A stage's totals belong to a
 * configured source; its state belongs to one file (or container, or journal) of that source. All of it is used by
 * the pipeline's thread only, but for totals and metrics, which scrapes read meanwhile. */
#pragma once

#include <stdatomic.h>

#include "base/err.h"
#include "config/field.h"
#include "logs/entry.h"
#include "metric/metric.h"

enum stage_result {
	STAGE_NEXT, /* the entry goes on to the next stage */
	STAGE_DROP, /* it ends here; entry->dropped says why */
	STAGE_HELD, /* the stage has copied it and emits it later */
};

enum { STAGE_REASONS = 8 };

/* How often what happened; a reason is a static text. */
struct stage_total {
	const char *_Atomic reason;
	atomic_uint_fast64_t n;
};

struct stage_totals {
	struct stage_total dropped[STAGE_REASONS]; /* entries */
	struct stage_total failed[STAGE_REASONS];  /* attempts, after which the entry went on */
};

struct stage;

struct stage_kind {
	struct field settings; /* its row: name, help, kind, rows; item_size where it is a section */
	size_t state_size;     /* per file; zeroed at start */

	/* What the settings mean, in the arena of the source; NULL: the settings themselves. -1 with a sentence about
	 * what is wrong with them. */
	int (*prepare)(struct arena *a, const void *settings, const void **plan, struct err *err);
	enum stage_result (*run)(struct stage *s, struct log_entry *e);
	/* Emits what is held and due; with `end`, all of it. */
	void (*flush)(struct stage *s, int64_t now_ns, bool end);
	/* When the next of what is held is due (monotonic), INT64_MAX: nothing is; and where the earliest of it begins,
	 * UINT64_MAX: nothing is held. */
	int64_t (*due_ns)(const struct stage *s);
	uint64_t (*held_from)(const struct stage *s);
	/* Frees what the state owns besides itself. */
	void (*fini)(struct stage *s);
	/* Adds the stage's own families; any thread. */
	void (*collect)(const void *plan, struct sample_set *set);
};

struct pipeline;

/* One stage of one file's pipeline. */
struct stage {
	const struct stage_kind *kind;
	const void *plan;
	struct stage_totals *totals;
	void *state;
	struct pipeline *pipeline;
	size_t index;
};

/* The table made from stages.def; NULL-terminated. */
extern const struct stage_kind *const stage_kinds[];

/* Sends an entry on to the stage behind this one. It is batched or dropped on return. */
void stage_emit(struct stage *s, struct log_entry *e);

/* Sets the reason; returns STAGE_DROP, so that stages can `return stage_dropped(…)`. The pipeline counts it. */
enum stage_result stage_dropped(struct log_entry *e, const char *reason);

/* Counts something that did not work, although the entry goes on. */
void stage_fail(struct stage *s, const char *reason);

/* The monotonic time of the call that is being worked on. */
int64_t stage_now_ns(const struct stage *s);

/* Sets an extracted value, counting it when there is no room. */
void stage_extract(struct stage *s, struct log_entry *e, struct span name, struct span value);

/* What a stage reads: the extracted value of that name, or else the label, or the line where the name is NULL or empty.
 * NULL: absent. */
const struct span *stage_source(const struct log_entry *e, const char *name);
