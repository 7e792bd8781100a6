/* The WAL archiver. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_archiver_archived_count", "WAL files that were archived.", METRIC_COUNTER, "server"},
	{"pg_stat_archiver_failed_count", "Attempts to archive a file that failed.", METRIC_COUNTER, "server"},
	{"pg_stat_archiver_last_archive_age", "Seconds since a file was last archived; NaN where that never happened.",
         METRIC_GAUGE, "server"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"stat_archiver", 0, 0,
         "SELECT archived_count, failed_count, "
         "COALESCE(extract(epoch FROM now() - last_archived_time)::float8, 'NaN') AS last_archive_age FROM "
         "pg_stat_archiver"},
	{0},
};

static const struct sql_table table = {"pg_stat_archiver_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_stat_archiver = {
	.name = "stat_archiver",
	.help = "The WAL archiver.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
