#include "exporters/postgres/common_sql.h"

#include <assert.h>
#include <string.h>

#include "exporters/postgres/common_pools.h"

enum { MAX_COLUMNS = 64, MAX_LABELS = 16 };

/* What each column of a reply is. */
struct mapping {
	const struct metric_desc *metrics[MAX_COLUMNS]; /* NULL: a label */
	bool with_server[MAX_COLUMNS];
	size_t n;
};

static const struct metric_desc *metric_of(const struct sql_table *t, const char *column)
{
	size_t prefix = strlen(t->prefix);

	for (const struct metric_desc *d = t->metrics; d->name; d++)
		if (!strncmp(d->name, t->prefix, prefix) && !strcmp(d->name + prefix, column))
			return d;
	return NULL;
}

static bool has_label(const struct metric_desc *d, const char *label)
{
	size_t len = strlen(label);

	for (const char *at = d->labels; at && (at = strstr(at, label)); at += len)
		if ((at == d->labels || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

static bool is_label(const struct sql_table *t, const char *column)
{
	for (const struct metric_desc *d = t->metrics; d->name; d++)
		if (has_label(d, column))
			return true;
	return false;
}

static int map_columns(const struct sql_table *t, const struct pg_rows *rows, struct mapping *m, struct err *err)
{
	m->n = pg_columns(rows);
	if (m->n > MAX_COLUMNS)
		return err_set(err, "the reply has more than %d columns", MAX_COLUMNS);
	for (size_t i = 0; i < m->n; i++) {
		const char *column = pg_column_name(rows, i);

		m->metrics[i] = metric_of(t, column);
		if (!m->metrics[i] && !is_label(t, column))
			return err_set(err, "the reply has a column %.60s, which is no metric and no label", column);
		m->with_server[i] = m->metrics[i] && has_label(m->metrics[i], "server");
	}
	return 0;
}

static size_t row_labels(const struct pg_rows *rows, size_t row, const struct mapping *m, struct label *labels)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n && n < MAX_LABELS; i++) {
		const char *text = m->metrics[i] ? NULL : pg_text(rows, row, (int)i);

		if (text)
			labels[n++] = (struct label){pg_column_name(rows, i), text};
	}
	return n;
}

static void add_row(struct probe *p, const struct pg_rows *rows, size_t row, const struct mapping *m,
                    struct sample_set *set)
{
	struct label labels[MAX_LABELS + 1];
	size_t n = row_labels(rows, row, m, labels);
	int before = -1; /* with_server of the row's sample before */
	double value;

	labels[n] = (struct label){"server", pg_server(p->pg)};
	for (size_t i = 0; i < m->n; i++) {
		if (!m->metrics[i] || !pg_number(rows, row, (int)i, &value))
			continue;
		if (before == (int)m->with_server[i])
			sample_add_same(set, m->metrics[i], value);
		else
			sample_add(set, m->metrics[i], value, labels, n + m->with_server[i]);
		before = m->with_server[i];
	}
}

static const struct metric_desc *cut_metric(const struct sql_table *t)
{
	static const struct metric_desc cut = SQL_METRICS;
	const struct metric_desc *d = t->metrics;

	while (d->name && strcmp(d->name, cut.name) != 0)
		d++;
	assert(d->name);
	return d;
}

static int run_query(struct probe *p, const struct sql_table *t, const struct sql_query *q, struct sample_set *set,
                     struct err *err)
{
	struct pg_request rq = {q->name, q->sql, p->deadline_ns, q->min_interval_ns};
	size_t most = (size_t)((const struct pg_target *)p->target)->max_series, n;
	const struct pg_rows *rows;
	struct mapping m;

	if (pg_query(p->pg, p->arena, &rq, &rows, err) < 0)
		return -1;
	if (map_columns(t, rows, &m, err) < 0)
		return err_wrap(err, "%s", q->name);
	n = pg_rows_count(rows) < most ? pg_rows_count(rows) : most;
	for (size_t row = 0; row < n; row++)
		add_row(p, rows, row, &m, set);
	if (n < pg_rows_count(rows))
		sample_add(set, cut_metric(t), (double)(pg_rows_count(rows) - n), LABELS({"query", q->name}));
	return 0;
}

int sql_collect(struct probe *p, const struct sql_table *t, struct sample_set *set, struct err *err)
{
	struct err later;
	int rc = 0, version;

	if (pg_version(p->pg, p->deadline_ns, &version, err) < 0)
		return -1;
	for (const struct sql_query *q = t->queries; q->sql; q++) {
		if (version < q->min_version || (q->before_version && version >= q->before_version))
			continue;
		if (run_query(p, t, q, set, rc ? &later : err) < 0)
			rc = -1;
	}
	return rc;
}
