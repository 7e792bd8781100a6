/* What the tests of stages share: stages bound from text as settings are, lines pushed through, entries kept. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "config/bind.h"
#include "logs/pipeline.h"

struct fixture {
	struct arena arena, line;
	struct faults faults;
	struct {
		struct list stages;
	} bound;
	struct plan *plan;
	struct pipeline *pipeline;
	struct buf out; /* what came out, one line each */
	uint64_t offset;
	int64_t now_ns;
	const char *source; /* the name of a label that each line gets, or NULL */
};

static inline void put_pairs(struct buf *out, const char *what, const struct log_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++)
		buf_printf(out, " %s.%.*s=%.*s", what, (int)pairs->items[i].name.len, pairs->items[i].name.s,
		           (int)pairs->items[i].value.len, pairs->items[i].value.s);
}

/* "0-5 line label.x=y meta.x=y got.x=y", or "0-5 DROPPED reason" */
static inline void keep(void *arg, const struct log_entry *e)
{
	struct fixture *x = arg;

	buf_printf(&x->out, "%llu-%llu ", (unsigned long long)e->begin, (unsigned long long)e->end);
	if (e->dropped) {
		buf_printf(&x->out, "DROPPED %s\n", e->dropped);
		return;
	}
	buf_put(&x->out, e->line.s, e->line.len);
	if (e->timestamp_ns)
		buf_printf(&x->out, " @%lld", (long long)e->timestamp_ns);
	put_pairs(&x->out, "label", &e->labels);
	put_pairs(&x->out, "meta", &e->metadata);
	put_pairs(&x->out, "got", &e->extracted);
	if (e->tenant)
		buf_printf(&x->out, " tenant=%s", e->tenant);
	buf_putc(&x->out, '\n');
}

static inline int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	faults_init(&x->faults);
	x->now_ns = 1000 * NS_PER_S;
	*state = x;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *x = *state;

	pipeline_free(x->pipeline);
	plan_free(x->plan);
	faults_fini(&x->faults);
	buf_fini(&x->out);
	arena_fini(&x->line);
	arena_fini(&x->arena);
	free(x);
	return 0;
}

static inline int bind_stages(struct fixture *x, const char *text)
{
	struct field *fields = ARENA_ARRAY(&x->arena, struct field, 2);

	fields[0] = (struct field){
		.name = "stages", .type = FIELD_CHOICES, .fields = stage_fields(&x->arena), .check = stage_check};
	return bind_text(&x->arena, "f.yml", text, strlen(text), fields, &x->bound, &x->faults);
}

/* text: "stages:\n- json: {…}\n" */
static inline void stages(struct fixture *x, const char *text)
{
	struct pipeline_sink sink = {.entry = keep, .arg = x};
	struct err err;

	pipeline_free(x->pipeline);
	plan_free(x->plan);
	x->plan = NULL;
	if (bind_stages(x, text) < 0)
		fail_msg("%s: %s", text, x->faults.text.data);
	if (plan_new(&x->plan, &x->bound.stages, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	x->pipeline = pipeline_new(x->plan, &sink);
}

static inline void push_bytes(struct fixture *x, const char *line, size_t len)
{
	struct log_entry e;

	arena_reset(&x->line);
	log_entry_init(&e, &x->line);
	if (x->source)
		log_pairs_set(&e.labels, SPAN("source"), span_of(x->source));
	e.line = span_keep(&x->line, (struct span){line, len});
	e.begin = x->offset;
	e.end = x->offset += len + 1;
	pipeline_push(x->pipeline, &e, x->now_ns);
}

static inline void push(struct fixture *x, const char *line)
{
	push_bytes(x, line, strlen(line));
}

/* What has come out since the last time is exactly this. */
static inline void assert_out(struct fixture *x, const char *expected)
{
	const char *got = x->out.data ? x->out.data : "";

	if (strcmp(got, expected) != 0)
		fail_msg("came out:\n%s\nexpected:\n%s", got, expected);
	buf_reset(&x->out);
}

/* One line through stages of its own: what comes out, without the range in front. */
static inline void assert_step(struct fixture *x, const char *text, const char *line, const char *expected)
{
	struct buf CLEANUP_BUF full = {0};

	stages(x, text);
	x->offset = 0;
	buf_printf(&full, "0-%zu %s\n", strlen(line) + 1, expected);
	push(x, line);
	assert_out(x, full.data);
}

/* The settings are refused, and this is part of what is said. */
static inline void assert_refused(struct fixture *x, const char *text, const char *fragment)
{
	assert_int_equal(bind_stages(x, text), -1);
	if (!strstr(x->faults.text.data, fragment))
		fail_msg("%s: no \"%s\" in\n%s", text, fragment, x->faults.text.data);
	faults_fini(&x->faults);
	faults_init(&x->faults);
}

/* What the stages count, as `what{reason}=n`. */
static inline size_t counted(struct fixture *x, size_t which, const char *reason)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct sample_set set;
	struct buf CLEANUP_BUF wanted = {0};

	buf_printf(&wanted, "reason=\"%s\"", reason);
	sample_set_init(&set, &a, NULL);
	plan_collect(x->plan, "s", &set);
	for (const struct family *f = set.first; f; f = f->next)
		for (const struct sample_block *b = f->first; b; b = b->next)
			for (size_t i = 0; f->desc == &plan_metrics[which] && i < b->used; i++)
				if (memmem(b->items[i].labels, b->items[i].labels_len, wanted.data, wanted.len))
					return (size_t)b->items[i].value;
	return 0;
}

#define dropped(x, reason)  counted(x, 0, reason)
#define failures(x, reason) counted(x, 1, reason)
#define TEST(name)          cmocka_unit_test_setup_teardown(name, setup, teardown)
