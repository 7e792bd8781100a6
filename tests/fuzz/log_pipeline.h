/* What the targets for stages that hold entries share: every line of the input goes through the stages, and no byte of
 * its range is lost or told twice. */
#pragma once

#include <assert.h>

#include "base/clock.h"
#include "config/bind.h"
#include "logs/pipeline.h"

struct seen {
	uint64_t bytes; /* of the ranges of what came out */
	uint64_t entries;
};

static inline void see(void *arg, const struct log_entry *e)
{
	struct seen *seen = arg;

	assert(e->begin < e->end && !e->dropped);
	assert(!e->line.len || e->line.s);
	seen->bytes += e->end - e->begin;
	seen->entries++;
}

static inline struct plan *plan_of(struct arena *a, const char *text)
{
	struct faults faults;
	struct plan *plan;
	struct list stages;
	struct field *fields = ARENA_ARRAY(a, struct field, 2);
	struct err err;

	faults_init(&faults);
	fields[0] = (struct field){
		.name = "stages", .type = FIELD_CHOICES, .fields = stage_fields(a), .check = stage_check};
	assert(bind_text(a, "f", text, strlen(text), fields, &stages, &faults) == 0);
	assert(plan_new(&plan, &stages, &err) == 0);
	faults_fini(&faults);
	return plan;
}

/* Lines are numbered, not measured: with one stream, the ranges of what comes out add up to what went in. */
static inline void run_lines(const struct plan *plan, const uint8_t *data, size_t size, bool one_stream)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct seen seen = {0};
	struct pipeline_sink sink = {.entry = see, .arg = &seen};
	struct pipeline *p = pipeline_new(plan, &sink);
	struct span rest = {(const char *)data, size};
	struct log_entry e;
	uint64_t n = 0;

	for (;;) {
		log_entry_init(&e, &a);
		if (!scan_line(&rest, &e.line))
			break;
		e.begin = n++;
		e.end = n;
		pipeline_push(p, &e, (int64_t)n);
		arena_reset(&a);
		assert(pipeline_held_from(p) == UINT64_MAX || pipeline_held_from(p) < n);
	}
	pipeline_flush(p, 0, true);
	assert(pipeline_held_from(p) == UINT64_MAX && pipeline_due_ns(p) == INT64_MAX);
	assert(one_stream ? seen.bytes == n : seen.bytes >= seen.entries);
	assert(seen.entries <= n && !n == !seen.entries);
	pipeline_free(p);
}
