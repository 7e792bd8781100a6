/* Files of the write-ahead log. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_wal_segments", "Files of WAL that are there.", METRIC_GAUGE},
	{"pg_wal_size_bytes", "Size of the WAL files together.", METRIC_GAUGE},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"wal", 0, 0,
         "SELECT count(*) AS segments, sum(size) AS size_bytes FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'"},
	{0},
};

static const struct sql_table table = {"pg_wal_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_wal = {
	.name = "wal",
	.help = "Number and size of the files in pg_wal.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
