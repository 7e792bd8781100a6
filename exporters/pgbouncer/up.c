/* Whether the console answers now, and which version it is. */
#include "exporters/pgbouncer/common_show.h"

static const struct metric_desc metrics[] = {
	{"pgbouncer_up", "Whether PgBouncer let us in and answered in this very scrape.", METRIC_GAUGE},
	{"pgbouncer_version_info", "Version of PgBouncer, in its label.", METRIC_GAUGE, "version"},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct pg_rows *rows;
	int rc = probe_ask(p, "version", "SHOW VERSION", &rows, err);
	int column = rc == 0 ? pg_column(rows, "version") : -1;
	const char *text = column >= 0 && pg_rows_count(rows) ? pg_text(rows, 0, column) : NULL;

	if (rc == 0 && !text)
		rc = err_set(err, "the console does not tell its version");
	if (rc == 0)
		sample_add(set, &metrics[1], 1, LABELS({"version", text}));
	sample_add(set, &metrics[0], rc == 0, NO_LABELS);
	return rc;
}

const struct collector collector_pgbouncer_up = {
	.name = "up",
	.help = "Whether PgBouncer answers, and its version.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
