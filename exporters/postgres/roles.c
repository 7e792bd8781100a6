/* Connection limits of roles. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_roles_connection_limit", "Most connections that the role may have; -1 is no limit.", METRIC_GAUGE,
         "rolname"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"roles", 0, 0, "SELECT rolname, rolconnlimit AS connection_limit FROM pg_roles ORDER BY rolname"},
	{0},
};

static const struct sql_table table = {"pg_roles_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_roles = {
	.name = "roles",
	.help = "Connection limits of roles.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
