#include "logs/pipeline.h"

#include <stdalign.h>
#include <stdlib.h>

#include "config/bind.h"

struct planned {
	const struct stage_kind *kind;
	const void *plan;
	struct stage_totals totals;
};

struct plan {
	struct arena arena;
	struct planned *stages;
	size_t n;
};

struct pipeline {
	struct pipeline_sink sink;
	int64_t now_ns;
	size_t n;
	struct stage stages[];
};

#define STAGE(name) extern const struct stage_kind stage_##name;
#include "logs/stages.def"
#undef STAGE

const struct stage_kind *const stage_kinds[] = {
#define STAGE(name) &stage_##name,
#include "logs/stages.def"
#undef STAGE
	NULL,
};

const struct field *stage_fields(struct arena *a)
{
	struct field *fields = ARENA_ARRAY(a, struct field, ARRAY_LEN(stage_kinds));

	for (size_t i = 0; stage_kinds[i]; i++)
		fields[i] = stage_kinds[i]->settings;
	return fields;
}

static const struct stage_kind *kind_of(const struct chosen *choice)
{
	size_t i = 0;

	while (strcmp(stage_kinds[i]->settings.name, choice->field->name) != 0)
		i++;
	return stage_kinds[i];
}

static int prepare(struct arena *a, const struct chosen *choice, struct planned *out, struct err *err)
{
	out->kind = kind_of(choice);
	out->plan = choice->value;
	return out->kind->prepare ? out->kind->prepare(a, choice->value, &out->plan, err) : 0;
}

int stage_check(const struct field *f, const struct list *list, size_t i, struct err *err)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct planned tried = {0};

	(void)f;
	return prepare(&a, (const struct chosen *)list->items + i, &tried, err);
}

struct chosen stage_default(struct arena *a, const char *name)
{
	size_t i = 0;
	void *value;

	while (strcmp(stage_kinds[i]->settings.name, name) != 0)
		i++;
	value = arena_zalloc(a, stage_kinds[i]->settings.item_size);
	bind_defaults(a, stage_kinds[i]->settings.fields, value);
	return (struct chosen){&stage_kinds[i]->settings, value};
}

int plan_new(struct plan **out, const struct list *stages, struct err *err)
{
	struct plan *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->n = stages->n;
	p->stages = ARENA_ARRAY(&p->arena, struct planned, p->n);
	for (size_t i = 0; i < p->n; i++)
		if (prepare(&p->arena, (const struct chosen *)stages->items + i, &p->stages[i], err) < 0) {
			err_wrap(err, "stage %zu", i + 1);
			plan_free(p);
			return -1;
		}
	*out = p;
	return 0;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	arena_fini(&p->arena);
	free(p);
}

const struct metric_desc plan_metrics[] = {
	{"vedette_logs_stage_dropped_total", "Entries that a stage has dropped, by its reason.", METRIC_COUNTER,
         "source,stage,number,reason"},
	{"vedette_logs_stage_failures_total", "What a stage could not do with an entry, which went on.", METRIC_COUNTER,
         "source,stage,number,reason"},
	{0},
};

static void collect_totals(const struct metric_desc *desc, const struct stage_total *totals, const char *source,
                           const char *stage, size_t number, struct sample_set *set)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", number);
	for (size_t i = 0; i < STAGE_REASONS && totals[i].reason; i++)
		sample_add(
			set, desc, (double)atomic_load_explicit(&totals[i].n, memory_order_relaxed),
			LABELS({"source", source}, {"stage", stage}, {"number", text}, {"reason", totals[i].reason}));
}

void plan_collect(const struct plan *p, const char *source, struct sample_set *set)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct planned *s = &p->stages[i];
		const char *name = s->kind->settings.name;

		collect_totals(&plan_metrics[0], s->totals.dropped, source, name, i + 1, set);
		collect_totals(&plan_metrics[1], s->totals.failed, source, name, i + 1, set);
		if (s->kind->collect)
			s->kind->collect(s->plan, set);
	}
}

static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

struct pipeline *pipeline_new(const struct plan *plan, const struct pipeline_sink *sink)
{
	size_t at = aligned(sizeof(struct pipeline) + plan->n * sizeof(struct stage)), size = at;
	struct pipeline *p;

	for (size_t i = 0; i < plan->n; i++)
		size += aligned(plan->stages[i].kind->state_size);
	p = calloc(1, size);
	if (!p)
		abort();
	p->sink = *sink;
	p->n = plan->n;
	for (size_t i = 0; i < p->n; i++) {
		struct planned *from = &plan->stages[i];

		p->stages[i] = (struct stage){
			from->kind, from->plan, &from->totals, from->kind->state_size ? (char *)p + at : NULL, p, i};
		at += aligned(from->kind->state_size);
	}
	return p;
}

void pipeline_free(struct pipeline *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		if (p->stages[i].kind->fini)
			p->stages[i].kind->fini(&p->stages[i]);
	free(p);
}

static bool is_other(const char *known, const char *reason)
{
	return known && known != reason && strcmp(known, reason) != 0;
}

/* Reasons are few and static; what does not fit is counted with the last. */
static void count(struct stage_total *totals, const char *reason)
{
	size_t i = 0;

	while (i < STAGE_REASONS - 1 && is_other(totals[i].reason, reason))
		i++;
	if (!totals[i].reason)
		totals[i].reason = reason;
	atomic_fetch_add_explicit(&totals[i].n, 1, memory_order_relaxed);
}

static void run_from(struct pipeline *p, size_t i, struct log_entry *e)
{
	for (; i < p->n; i++) {
		struct stage *s = &p->stages[i];
		enum stage_result result;

		if (p->sink.before)
			p->sink.before(p->sink.arg, s, e);
		result = s->kind->run(s, e);
		if (p->sink.after)
			p->sink.after(p->sink.arg, s, e, result);
		if (result == STAGE_HELD)
			return;
		if (result == STAGE_DROP) {
			count(s->totals->dropped, e->dropped);
			break;
		}
	}
	p->sink.entry(p->sink.arg, e);
}

void pipeline_push(struct pipeline *p, struct log_entry *e, int64_t now_ns)
{
	p->now_ns = now_ns;
	run_from(p, 0, e);
}

/* In order: what an earlier stage emits may end up in a later one, whose turn is yet to come. */
void pipeline_flush(struct pipeline *p, int64_t now_ns, bool end)
{
	p->now_ns = now_ns;
	for (size_t i = 0; i < p->n; i++)
		if (p->stages[i].kind->flush)
			p->stages[i].kind->flush(&p->stages[i], now_ns, end);
}

int64_t pipeline_due_ns(const struct pipeline *p)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < p->n; i++) {
		const struct stage *s = &p->stages[i];
		int64_t one = s->kind->due_ns ? s->kind->due_ns(s) : INT64_MAX;

		due = one < due ? one : due;
	}
	return due;
}

uint64_t pipeline_held_from(const struct pipeline *p)
{
	uint64_t from = UINT64_MAX;

	for (size_t i = 0; i < p->n; i++) {
		const struct stage *s = &p->stages[i];
		uint64_t one = s->kind->held_from ? s->kind->held_from(s) : UINT64_MAX;

		from = one < from ? one : from;
	}
	return from;
}

void stage_emit(struct stage *s, struct log_entry *e)
{
	run_from(s->pipeline, s->index + 1, e);
}

enum stage_result stage_dropped(struct log_entry *e, const char *reason)
{
	e->dropped = reason;
	return STAGE_DROP;
}

void stage_fail(struct stage *s, const char *reason)
{
	count(s->totals->failed, reason);
}

int64_t stage_now_ns(const struct stage *s)
{
	return s->pipeline->now_ns;
}

void stage_extract(struct stage *s, struct log_entry *e, struct span name, struct span value)
{
	if (!log_pairs_set(&e->extracted, name, value))
		stage_fail(s, "too many extracted values");
}

const struct span *stage_source(const struct log_entry *e, const char *name)
{
	const struct span *found;

	if (!name || !*name)
		return &e->line;
	found = log_pairs_find(&e->extracted, span_of(name));
	return found ? found : log_pairs_find(&e->labels, span_of(name));
}
