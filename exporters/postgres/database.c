/* Sizes of databases and how many clients each allows. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_database_size_bytes", "Space that the database takes on disk; asked at most once a minute.", METRIC_GAUGE,
         "datname"},
	{"pg_database_connection_limit", "Most connections that the database allows; -1 is no limit.", METRIC_GAUGE,
         "datname"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"database", 0, 0, "SELECT datname, datconnlimit AS connection_limit FROM pg_database ORDER BY datname"},
	/* the server looks at every file of every database */
	{"database_sizes", 0, 0,
         "SELECT datname, CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', "
         "'USAGE') "
         "THEN pg_database_size(oid) END AS size_bytes "
         "FROM pg_database ORDER BY datname",
         SQL_ONCE_A_MINUTE},
	{0},
};

static const struct sql_table table = {"pg_database_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_database = {
	.name = "database",
	.help = "Sizes and connection limits of databases.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
