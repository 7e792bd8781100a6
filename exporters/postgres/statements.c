/* The statements that take the server's time, from pg_stat_statements. The heaviest are reported one by one, all
 * others together; who was chosen stays chosen. Texts are read only when a new statement is chosen: reading them makes
 * the server read a file of all of them. */
#include <string.h>

#include "base/num.h"
#include "collect/sticky.h"
#include "exporters/postgres/common_sql.h"

#define STATEMENT "datname,queryid,user"

static const struct metric_desc metrics[] = {
	{"pg_stat_statements_calls_total",
         "Times that the statement was executed; queryid other is all others together.", METRIC_COUNTER, STATEMENT},
	{"pg_stat_statements_seconds_total", "Time spent executing the statement.", METRIC_COUNTER, STATEMENT},
	{"pg_stat_statements_rows_total", "Rows that the statement returned or changed.", METRIC_COUNTER, STATEMENT},
	{"pg_stat_statements_block_read_seconds_total",
         "Time that the statement spent reading blocks; 0 unless track_io_timing is on.", METRIC_COUNTER, STATEMENT},
	{"pg_stat_statements_block_write_seconds_total",
         "Time that the statement spent writing blocks; 0 unless track_io_timing is on.", METRIC_COUNTER, STATEMENT},
	{"pg_stat_statements_query_id", "Always 1; the beginning of the statement's text is in the label.",
         METRIC_GAUGE, "query,queryid"},
	{0},
};

enum { VALUES = 5, SECONDS = 1, QUERY_ID = 5 };

struct statements_config {
	int64_t top, query_length;
};

static const struct field fields[] = {
	F_INT(struct statements_config, top, "50", "Statements that are reported one by one.", 1, 500),
	F_INT(struct statements_config, query_length, "120", "Characters of a statement's text; 0: no texts.", 0, 2000),
	{0},
};

struct statement {
	const char *user, *datname, *queryid;
	double values[VALUES];
};

struct statements {
	struct statement *rows;
	struct sticky_item *items;
	size_t n;
	double total[VALUES];
};

static const char find_sql[] =
	"SELECT quote_ident(n.nspname) AS schema, e.extversion AS version FROM pg_extension e "
	"JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'";

/* What the columns are called depends on the extension's version, which may be older than the server. The sum of
 * bigints would be a numeric, which costs the server several times as much as what we make of it in the end. */
static const char *sql_for(struct arena *a, const char *schema, const char *version, int64_t top)
{
	const char *dot = strchr(version, '.');
	uint64_t minor = 0;
	const char *time, *shared;

	if (!dot || !num_parse_u64(dot + 1, strlen(dot + 1), &minor))
		minor = 0;
	time = minor >= 8 ? "total_exec_time" : "total_time";
	shared = minor >= 11 ? "shared_" : "";
	return arena_printf(
		a,
		"WITH s AS (SELECT userid, dbid, queryid, sum(calls::float8) AS calls, sum(%s) / 1000 AS seconds, "
		"sum(rows::float8) AS rows, sum(%sblk_read_time) / 1000 AS r, sum(%sblk_write_time) / 1000 AS w "
		"FROM %s.pg_stat_statements(false) WHERE queryid IS NOT NULL GROUP BY 1, 2, 3) "
		"SELECT NULL::text AS \"user\", NULL::text AS datname, NULL::text AS queryid, "
		"sum(calls) AS calls, sum(seconds) AS seconds, sum(rows) AS rows, sum(r) AS r, sum(w) AS w "
		"FROM s UNION ALL (SELECT COALESCE(pg_get_userbyid(s.userid), ''), COALESCE(d.datname, ''), "
		"s.queryid::text, calls, seconds, rows, r, w FROM (SELECT * FROM s ORDER BY seconds DESC LIMIT %d) s "
		"LEFT JOIN pg_database d ON d.oid = s.dbid)",
		time, shared, shared, schema, (int)(4 * top));
}

static void take_row(struct probe *p, const struct pg_rows *rows, size_t row, struct statements *all)
{
	struct statement *st = &all->rows[all->n];
	double *values = pg_text(rows, row, 2) ? st->values : all->total;
	int64_t queryid;

	for (int i = 0; i < VALUES; i++)
		if (!pg_number(rows, row, 3 + i, &values[i]))
			values[i] = 0;
	if (values == all->total || !pg_integer(rows, row, 2, &queryid))
		return;
	st->user = pg_text(rows, row, 0) ? pg_text(rows, row, 0) : "";
	st->datname = pg_text(rows, row, 1) ? pg_text(rows, row, 1) : "";
	st->queryid = pg_text(rows, row, 2);
	all->items[all->n++] = (struct sticky_item){
		.key = arena_printf(p->arena, "%s/%s/%s", st->queryid, st->datname, st->user),
		.weight = st->values[SECONDS],
	};
}

/* Utility statements keep their literals, passwords among them. */
static const char *texts_sql(struct arena *a, const char *schema, int64_t length, const char *queryids)
{
	return arena_printf(a,
	                    "SELECT queryid::text AS queryid, CASE WHEN query ~* 'password' THEN '(hidden)' ELSE "
	                    "left(regexp_replace(regexp_replace(query, '''[^'']*''', '?', 'g'), '\\s+', ' ', 'g'), %d) "
	                    "END AS query FROM %s.pg_stat_statements(true) WHERE queryid IN (%s)",
	                    (int)length, schema, queryids);
}

static const char *new_queryids(struct probe *p, const struct statements *all)
{
	const char *list = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].chosen && !all->items[i].text)
			list = arena_printf(p->arena, "%s%s%s", list ? list : "", list ? "," : "",
			                    all->rows[i].queryid);
	return list;
}

static void remember(struct probe *p, struct statements *all, const char *queryid, const char *text)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].chosen && !all->items[i].text && !strcmp(all->rows[i].queryid, queryid)) {
			sticky_remember(p->sticky, all->items[i].key, text);
			all->items[i].text = text;
		}
}

static int fetch_texts(struct probe *p, const char *schema, int64_t length, struct statements *all, struct err *err)
{
	const char *queryids = length ? new_queryids(p, all) : NULL;
	const struct pg_rows *rows;

	if (!queryids)
		return 0;
	if (probe_ask(p, "statement_texts", texts_sql(p->arena, schema, length, queryids), &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < pg_rows_count(rows); row++)
		if (pg_text(rows, row, 0) && pg_text(rows, row, 1))
			remember(p, all, pg_text(rows, row, 0), pg_text(rows, row, 1));
	return 0;
}

static bool told_before(const struct statements *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (all->items[k].chosen && !strcmp(all->rows[k].queryid, all->rows[i].queryid))
			return true;
	return false;
}

static void add_samples(const struct statements *all, struct sample_set *set)
{
	double other[VALUES];

	memcpy(other, all->total, sizeof(other));
	for (size_t i = 0; i < all->n; i++) {
		const struct statement *st = &all->rows[i];

		if (!all->items[i].chosen)
			continue;
		for (size_t v = 0; v < VALUES; v++) {
			sample_add(set, &metrics[v], st->values[v],
			           LABELS({"datname", st->datname}, {"queryid", st->queryid}, {"user", st->user}));
			other[v] -= st->values[v];
		}
		if (all->items[i].text && !told_before(all, i))
			sample_add(set, &metrics[QUERY_ID], 1,
			           LABELS({"query", all->items[i].text}, {"queryid", st->queryid}));
	}
	for (size_t v = 0; v < VALUES; v++)
		sample_add(set, &metrics[v], other[v] > 0 ? other[v] : 0, LABELS({"queryid", "other"}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct statements_config *config = p->config;
	const char *schema, *version;
	const struct pg_rows *rows;
	struct statements all = {0};

	if (probe_ask(p, "statements_extension", find_sql, &rows, err) < 0)
		return -1;
	if (!pg_rows_count(rows))
		return 0; /* the extension is not there */
	schema = pg_text(rows, 0, 0);
	version = pg_text(rows, 0, 1);
	if (!schema || !version)
		return err_set(err, "statements: the extension has no version");
	if (probe_ask(p, "statements", sql_for(p->arena, schema, version, config->top), &rows, err) < 0)
		return -1;
	if (pg_columns(rows) != 3 + VALUES)
		return err_set(err, "statements: %zu columns instead of %d", pg_columns(rows), 3 + VALUES);
	all.rows = ARENA_ARRAY(p->arena, struct statement, pg_rows_count(rows) + 1);
	all.items = ARENA_ARRAY(p->arena, struct sticky_item, pg_rows_count(rows) + 1);
	for (size_t row = 0; row < pg_rows_count(rows); row++)
		take_row(p, rows, row, &all);
	sticky_choose(p->sticky, (size_t)config->top, all.items, all.n);
	if (fetch_texts(p, schema, config->query_length, &all, err) < 0)
		return -1;
	add_samples(&all, set);
	return 0;
}

const struct collector collector_postgres_statements = {
	.name = "statements",
	.help = "The statements that take most time, from pg_stat_statements where that is installed.",
	.target = TARGET_PG,
	.fields = fields,
	.config_size = sizeof(struct statements_config),
	.metrics = metrics,
	.collect = collect,
};
