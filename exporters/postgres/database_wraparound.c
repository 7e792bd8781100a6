/* How far each database is on the way to running out of transaction ids. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_database_wraparound_age_datfrozenxid_seconds",
         "Age of the oldest transaction id, in transactions whatever the name says.", METRIC_GAUGE, "datname"},
	{"pg_database_wraparound_age_datminmxid_seconds",
         "Age of the oldest multixact id, in multixacts whatever the name says.", METRIC_GAUGE, "datname"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"database_wraparound", 0, 0,
         "SELECT datname, age(datfrozenxid) AS age_datfrozenxid_seconds, "
         "mxid_age(datminmxid) AS age_datminmxid_seconds FROM pg_database WHERE datallowconn ORDER BY datname"},
	{0},
};

static const struct sql_table table = {"pg_database_wraparound_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_database_wraparound = {
	.name = "database_wraparound",
	.help = "Age of the oldest transaction and multixact ids.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
