#include "exporters/pgbouncer/common_show.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { MAX_LABELS = 8, MAX_VALUES = 64, LABEL_BYTES = 256 };
enum { METRIC_UNKNOWN, METRIC_CUT }; /* places of SHOW_METRICS */

/* A column of the reply that is (a part of) a metric's value. */
struct value {
	int column;
	const struct metric_desc *metric;
	double factor;
};

/* What the columns of this reply are. */
struct mapping {
	struct value values[MAX_VALUES];
	size_t n_values;
	int label_columns[MAX_LABELS];
	const struct show_column *labels[MAX_LABELS]; /* in the table's order */
	size_t n_labels, unknown;
};

struct row {
	const char *labels[MAX_LABELS]; /* "" where there is none */
	size_t index;
};

const char *show_label(struct arena *a, const char *text)
{
	size_t len = strlen(text), room = 3 * (len < LABEL_BYTES ? len : LABEL_BYTES) + 1;
	const char *end = text + len;
	char *out, *at;

	if (len <= LABEL_BYTES && utf8_valid(text, len))
		return text;
	at = out = arena_alloc(a, room);
	while (text < end && at - out < LABEL_BYTES - 3) {
		size_t n = utf8_len(text, end);

		memcpy(at, n ? text : UTF8_REPLACEMENT, n ? n : 3);
		at += n ? n : 3;
		text += n ? n : 1;
	}
	*at = '\0';
	return out;
}

static bool means(const struct show_column *c, const char *name)
{
	size_t len = strlen(c->name);

	return c->name[len - 1] == '*' ? !strncmp(c->name, name, len - 1) : !strcmp(c->name, name);
}

static const struct metric_desc *metric_of(const struct show_table *t, const char *name)
{
	size_t prefix = strlen(t->prefix);
	const struct metric_desc *d = t->metrics;

	while (d->name && (strncmp(d->name, t->prefix, prefix) != 0 || strcmp(d->name + prefix, name) != 0))
		d++;
	assert(d->name);
	return d;
}

static double factor_of(const struct show_column *c)
{
	return c->factor ? c->factor : 1;
}

/* Adds what a column means, which may be several metrics; false: unknown. */
static bool add_meaning(const struct show_table *t, const char *name, int column, struct mapping *m)
{
	bool known = false;

	for (const struct show_column *c = t->columns; c->name; c++) {
		if (!means(c, name))
			continue;
		known = true;
		if (c->metric && m->n_values < MAX_VALUES)
			m->values[m->n_values++] = (struct value){column, metric_of(t, c->metric), factor_of(c)};
	}
	return known;
}

static void map_columns(const struct show_table *t, const struct pg_rows *rows, struct mapping *m)
{
	for (size_t i = 0; i < pg_columns(rows); i++)
		m->unknown += !add_meaning(t, pg_column_name(rows, i), (int)i, m);
	for (const struct show_column *c = t->columns; c->name && m->n_labels < MAX_LABELS; c++) {
		int column = c->label ? pg_column(rows, c->name) : -1;

		if (column < 0)
			continue;
		m->label_columns[m->n_labels] = column;
		m->labels[m->n_labels++] = c;
	}
}

static int compare_labels(const struct row *a, const struct row *b)
{
	int order = 0;

	for (size_t i = 0; i < MAX_LABELS && !order; i++)
		order = strcmp(a->labels[i], b->labels[i]);
	return order;
}

static int compare_rows(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = compare_labels(a, b);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static const char *read_label(struct arena *a, const struct pg_rows *rows, size_t row, const struct mapping *m,
                              size_t i)
{
	const char *text = i < m->n_labels ? pg_text(rows, row, m->label_columns[i]) : NULL;

	if (text && m->labels[i]->read)
		text = m->labels[i]->read(a, rows, row, text);
	return text ? show_label(a, text) : "";
}

static struct row *sorted_rows(struct arena *a, const struct pg_rows *rows, const struct mapping *m)
{
	size_t n = pg_rows_count(rows);
	struct row *out = ARENA_ARRAY(a, struct row, n + 1);

	for (size_t i = 0; i < n; i++) {
		out[i].index = i;
		for (size_t k = 0; k < MAX_LABELS; k++)
			out[i].labels[k] = read_label(a, rows, i, m, k);
	}
	qsort(out, n, sizeof(*out), compare_rows);
	return out;
}

/* The metric's value in some rows together; false: they have none. */
static bool sum(const struct pg_rows *rows, const struct row *first, size_t n, const struct mapping *m,
                const struct metric_desc *metric, double *out)
{
	bool any = false;
	double value;

	*out = 0;
	for (size_t i = 0; i < n; i++)
		for (const struct value *v = m->values; v < m->values + m->n_values; v++)
			if (v->metric == metric && pg_number(rows, first[i].index, v->column, &value)) {
				*out += value * v->factor;
				any = true;
			}
	return any;
}

static void add_series(const struct show_table *t, const struct pg_rows *rows, const struct row *first, size_t n,
                       const struct mapping *m, struct sample_set *set)
{
	struct label labels[MAX_LABELS];
	size_t n_labels = 0, added = 0;
	double value;

	for (size_t i = 0; i < m->n_labels; i++)
		if (*first->labels[i])
			labels[n_labels++] = (struct label){m->labels[i]->label, first->labels[i]};
	if (t->count)
		sample_add(set, metric_of(t, t->count), (double)n, labels, n_labels);
	for (const struct metric_desc *d = t->metrics; d->name; d++) {
		if (!sum(rows, first, n, m, d, &value))
			continue;
		if (added++)
			sample_add_same(set, d, value);
		else
			sample_add(set, d, value, labels, n_labels);
	}
}

static size_t add_rows(struct probe *p, const struct show_table *t, const struct pg_rows *rows, const struct mapping *m,
                       struct sample_set *set)
{
	size_t n = pg_rows_count(rows), series = 0;
	const struct row *sorted = sorted_rows(p->arena, rows, m);

	for (size_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && compare_labels(&sorted[i], &sorted[i + same]) == 0;)
			same++;
		if (series++ < SHOW_MAX_SERIES)
			add_series(t, rows, &sorted[i], same, m, set);
	}
	return series;
}

/* The value of the thing with this name; false: it is not there, or is no number. */
static bool find_thing(const struct pg_rows *rows, int key, int column, const char *name, double *out)
{
	for (size_t row = 0; row < pg_rows_count(rows); row++) {
		const char *text = pg_text(rows, row, key);

		if (text && !strcmp(text, name))
			return pg_number(rows, row, column, out);
	}
	return false;
}

static size_t unknown_things(const struct show_table *t, const struct pg_rows *rows, int key)
{
	size_t unknown = 0;

	for (size_t row = 0; row < pg_rows_count(rows); row++) {
		const char *text = pg_text(rows, row, key);
		const struct show_column *c = t->columns;

		while (text && c->name && !means(c, text))
			c++;
		unknown += !text || !c->name;
	}
	return unknown;
}

static int add_things(const struct show_table *t, const struct pg_rows *rows, struct sample_set *set, size_t *unknown,
                      struct err *err)
{
	int key = pg_column(rows, t->key), column = pg_column(rows, t->value);
	double value;

	if (key < 0 || column < 0)
		return err_set(err, "%s: the reply has no columns %s and %s", t->sql, t->key, t->value);
	for (const struct show_column *c = t->columns; c->name; c++)
		if (c->metric && find_thing(rows, key, column, c->name, &value))
			sample_add(set, metric_of(t, c->metric), value * factor_of(c), NO_LABELS);
	*unknown = unknown_things(t, rows, key);
	return 0;
}

int show_collect(struct probe *p, const struct show_table *t, struct sample_set *set, struct err *err)
{
	struct mapping m = {.n_values = 0};
	const struct pg_rows *rows;
	size_t series = 0;

	if (probe_ask(p, t->name, t->sql, &rows, err) < 0)
		return -1;
	if (t->key) {
		if (add_things(t, rows, set, &m.unknown, err) < 0)
			return -1;
	} else {
		map_columns(t, rows, &m);
		series = add_rows(p, t, rows, &m, set);
	}
	sample_add(set, &t->metrics[METRIC_UNKNOWN], (double)m.unknown, LABELS({"show", t->name}));
	if (series > SHOW_MAX_SERIES)
		sample_add(set, &t->metrics[METRIC_CUT], (double)(series - SHOW_MAX_SERIES), LABELS({"show", t->name}));
	return 0;
}
