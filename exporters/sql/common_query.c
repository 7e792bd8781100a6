/* Rows of a query as samples. All rows are read before the first sample is added: a query's samples come whole or not.
 */
#include "exporters/sql/common_query.h"

#include <assert.h>
#include <stdlib.h>

#include "base/num.h"

enum { MAX_LABELS = 64, MAX_NUMBERS = 256 };

/* Where the columns of a reply are. */
struct columns {
	int labels[MAX_LABELS], numbers[MAX_NUMBERS]; /* of a histogram: its buckets, count, sum */
	size_t n_labels, n_numbers;
};

struct row {
	size_t index;    /* in the reply */
	const char *key; /* all labels in one text */
};

int query_ask(struct probe *p, const struct attachment *item, const struct pg_rows **rows, struct err *err)
{
	const struct query *q = item->config;
	const struct pg_request rq = {.name = arena_printf(p->arena, "sql:%s", item->name),
	                              .sql = q->sql,
	                              .deadline_ns = p->deadline_ns,
	                              .min_interval_ns = q->min_interval,
	                              .budget_ns = q->timeout};

	return pg_query(p->pg, p->arena, &rq, rows, err);
}

static int find_column(const struct pg_rows *rows, const char *name, int *out, struct err *err)
{
	*out = pg_column(rows, name);
	return *out < 0 ? err_set(err, "the reply has no column %.60s", name) : 0;
}

static int find_number(const struct pg_rows *rows, const char *name, struct columns *c, struct err *err)
{
	if (c->n_numbers == MAX_NUMBERS)
		return err_set(err, "more than %d columns with numbers", MAX_NUMBERS);
	return find_column(rows, name, &c->numbers[c->n_numbers++], err);
}

static bool is_used(const struct columns *c, int column)
{
	for (size_t i = 0; i < c->n_labels; i++)
		if (c->labels[i] == column)
			return true;
	for (size_t i = 0; i < c->n_numbers; i++)
		if (c->numbers[i] == column)
			return true;
	return false;
}

/* Each column has one use, and each use its column. */
static int check_columns(const struct pg_rows *rows, const struct columns *c, struct err *err)
{
	for (size_t i = 0; i < pg_columns(rows); i++) {
		if (pg_column(rows, pg_column_name(rows, i)) != (int)i)
			return err_set(err, "the reply has two columns %.60s; call one otherwise with AS",
			               pg_column_name(rows, i));
		if (!is_used(c, (int)i))
			return err_set(err,
			               "the reply's column %.60s is no label and no value; name it in the settings or "
			               "leave it "
			               "out of the query",
			               pg_column_name(rows, i));
	}
	return 0;
}

static int find_columns(const struct query *q, const struct pg_rows *rows, struct columns *c, struct err *err)
{
	*c = (struct columns){.n_labels = q->labels.n};
	if (q->labels.n > MAX_LABELS)
		return err_set(err, "more than %d labels", MAX_LABELS);
	for (size_t i = 0; i < q->labels.n; i++)
		if (find_column(rows, q->labels.items[i], &c->labels[i], err) < 0)
			return -1;
	if (q->value && find_number(rows, q->value, c, err) < 0)
		return -1;
	for (size_t i = 0; i < q->values.n; i++)
		if (find_number(rows, q->values.items[i], c, err) < 0)
			return -1;
	for (size_t i = 0; i < q->buckets.n; i++)
		if (find_number(rows, q->buckets.items[i].key, c, err) < 0)
			return -1;
	if (q->buckets.n && (find_number(rows, "count", c, err) < 0 || find_number(rows, "sum", c, err) < 0))
		return -1;
	return check_columns(rows, c, err);
}

/* 1: a number; 0: null; -1: neither, or one that the type cannot have. */
static int read_number(const struct query *q, const struct pg_rows *rows, size_t row, int column, double *out,
                       struct err *err)
{
	const char *name = pg_column_name(rows, (size_t)column);

	if (!pg_text(rows, row, column))
		return 0;
	if (!pg_number(rows, row, column, out))
		return err_set(err, "row %zu: column %.60s holds what is no number", row + 1, name); /* nor for a log */
	if (*out != *out)
		return err_set(err, "row %zu: column %.60s is NaN; let the query leave such rows out", row + 1, name);
	if (q->type == QUERY_COUNTER && *out < 0)
		return err_set(err, "row %zu: column %.60s is negative, which a counter never is", row + 1, name);
	return 1;
}

/* The counts of a row must be there and grow with their bounds. */
static int check_histogram(const struct query *q, const struct pg_rows *rows, size_t row, const struct columns *c,
                           struct err *err)
{
	double before = 0, value;

	for (size_t i = 0; i <= q->buckets.n + 1; i++) {
		int there = read_number(q, rows, row, c->numbers[i], &value, err);

		if (there < 0)
			return -1;
		if (!there)
			return err_set(err, "row %zu: column %.60s is null; a histogram needs it", row + 1,
			               pg_column_name(rows, (size_t)c->numbers[i]));
		if (i <= q->buckets.n && value < before)
			return err_set(
				err,
				"row %zu: column %.60s is less than the one with the smaller bound; count what is at "
				"most as large as the bound",
				row + 1, pg_column_name(rows, (size_t)c->numbers[i]));
		before = value;
	}
	return 0;
}

static int check_row(const struct query *q, const struct pg_rows *rows, size_t row, const struct columns *c,
                     struct err *err)
{
	double value;

	if (q->type == QUERY_HISTOGRAM)
		return check_histogram(q, rows, row, c, err);
	for (size_t i = 0; i < c->n_numbers; i++)
		if (read_number(q, rows, row, c->numbers[i], &value, err) < 0)
			return -1;
	return 0;
}

/* Lengths go first, so that no two sets of labels make one text. */
static const char *key_of(struct arena *a, const struct pg_rows *rows, size_t row, const struct columns *c)
{
	const char *key = "";

	for (size_t i = 0; i < c->n_labels; i++) {
		const char *text = pg_text(rows, row, c->labels[i]);

		key = arena_printf(a, "%s%zu:%s", key, text ? strlen(text) : 0, text ? text : "");
	}
	return key;
}

static int by_key(const void *left, const void *right)
{
	const struct row *a = left, *b = right;
	int order = strcmp(a->key, b->key);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int check_series(struct arena *a, const struct pg_rows *rows, const struct columns *c, struct err *err)
{
	size_t n = pg_rows_count(rows);
	struct row *all = ARENA_ARRAY(a, struct row, n + 1);

	for (size_t i = 0; i < n; i++)
		all[i] = (struct row){i, key_of(a, rows, i, c)};
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(all[i].key, all[i - 1].key))
			return err_set(err, "row %zu: the same labels as row %zu; group by all labels",
			               all[i].index + 1, all[i - 1].index + 1);
	return 0;
}

static size_t row_labels(const struct query *q, const struct pg_rows *rows, size_t row, const struct columns *c,
                         struct label *labels)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_labels; i++) {
		const char *text = pg_text(rows, row, c->labels[i]);

		if (text && *text)
			labels[n++] = (struct label){q->labels.items[i], text};
	}
	return n;
}

static double number_at(const struct pg_rows *rows, size_t row, int column)
{
	double value;
	bool there = pg_number(rows, row, column, &value);

	assert(there); /* check_histogram saw it */
	return value;
}

static void add_histogram(struct arena *a, const struct query *q, const struct metric_desc *d,
                          const struct pg_rows *rows, size_t row, const struct columns *c, struct sample_set *set)
{
	struct label labels[MAX_LABELS + 1];
	size_t n = row_labels(q, rows, row, c, labels);

	for (size_t i = 0; i <= q->buckets.n; i++) {
		char *le = arena_alloc(a, NUM_MAX);
		double bound;

		if (i < q->buckets.n &&
		    num_parse_double(q->buckets.items[i].value, strlen(q->buckets.items[i].value), &bound))
			le[num_format(bound, le)] = '\0';
		else
			strcpy(le, "+Inf");
		labels[n] = (struct label){"le", le};
		sample_add_part(set, d, SUFFIX_BUCKET, number_at(rows, row, c->numbers[i]), labels, n + 1);
	}
	sample_add_part(set, d, SUFFIX_SUM, number_at(rows, row, c->numbers[q->buckets.n + 1]), labels, n);
	sample_add_part(set, d, SUFFIX_COUNT, number_at(rows, row, c->numbers[q->buckets.n]), labels, n);
}

static void add_numbers(const struct query *q, const struct metric_desc *const *descs, const struct pg_rows *rows,
                        size_t row, const struct columns *c, struct sample_set *set)
{
	struct label labels[MAX_LABELS + 1];
	size_t n = row_labels(q, rows, row, c, labels);
	double value;

	for (size_t i = 0; i < c->n_numbers; i++)
		if (pg_number(rows, row, c->numbers[i], &value))
			sample_add(set, descs[i], value, labels, n);
}

static void add_rows(struct arena *a, const struct attachment *item, const struct pg_rows *rows,
                     const struct columns *c, struct sample_set *set)
{
	static const enum metric_type types[] = {METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM};
	const struct query *q = item->config;
	const struct metric_desc **descs = ARENA_ARRAY(a, const struct metric_desc *, c->n_numbers + 1);

	for (size_t i = 0; i < (q->values.n ? q->values.n : 1); i++)
		descs[i] = metric_desc_new(
			a, q->values.n ? arena_printf(a, "%s_%s", item->name, q->values.items[i]) : item->name,
			types[q->type], q->help);
	for (size_t row = 0; row < pg_rows_count(rows); row++)
		if (q->type == QUERY_HISTOGRAM)
			add_histogram(a, q, descs[0], rows, row, c, set);
		else
			add_numbers(q, descs, rows, row, c, set);
}

int query_add(struct arena *a, const struct attachment *item, const struct pg_rows *rows, struct sample_set *set,
              struct err *err)
{
	const struct query *q = item->config;
	struct columns c;

	if (find_columns(q, rows, &c, err) < 0)
		return -1;
	if ((int64_t)pg_rows_count(rows) > q->max_series)
		return err_set(err, "%zu rows, more than max_series allows (%lld); group more coarsely, or raise it",
		               pg_rows_count(rows), (long long)q->max_series);
	for (size_t row = 0; row < pg_rows_count(rows); row++)
		if (check_row(q, rows, row, &c, err) < 0)
			return -1;
	if (check_series(a, rows, &c, err) < 0)
		return -1;
	add_rows(a, item, rows, &c, set);
	return 0;
}
