/* When the server was started. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_postmaster_start_time_seconds", "When the server was started, as Unix time.", METRIC_GAUGE},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"postmaster", 0, 0, "SELECT extract(epoch FROM pg_postmaster_start_time()) AS start_time_seconds"},
	{0},
};

static const struct sql_table table = {"pg_postmaster_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_postmaster = {
	.name = "postmaster",
	.help = "When the server was started.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
