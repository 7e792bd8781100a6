/* Whether the server answers now, and which version it is. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_up", "Whether the server let us in and answered in this very scrape.", METRIC_GAUGE},
	{"pg_static", "Version of the server, in its labels.", METRIC_UNTYPED, "server,short_version,version"},
	{"vedette_pg_query_resting_scrapes", "For how many scrapes a query is still left out because it timed out.",
         METRIC_GAUGE, "query"},
	{0},
};

static int ask(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct pg_rows *rows;
	const char *text;
	int version;

	if (probe_ask(p, "up", "SELECT version()", &rows, err) < 0 ||
	    pg_version(p->pg, p->deadline_ns, &version, err) < 0)
		return -1;
	text = pg_rows_count(rows) ? pg_text(rows, 0, 0) : NULL;
	if (!text)
		return err_set(err, "the server does not tell its version");
	sample_add(set, &metrics[1], 1,
	           LABELS({"server", pg_server(p->pg)},
	                  {"short_version", arena_printf(p->arena, "%d.%d.0", version / 10000, version % 10000)},
	                  {"version", text}));
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	int rc = ask(p, set, err), runs;
	const char *query;

	for (size_t i = 0; (query = pg_resting(p->pg, i, &runs)); i++)
		sample_add(set, &metrics[2], runs, LABELS({"query", query}));
	sample_add(set, &metrics[0], rc == 0, NO_LABELS);
	return rc;
}

const struct collector collector_postgres_up = {
	.name = "up",
	.help = "Whether the server answers, and its version.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
