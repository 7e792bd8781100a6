/* The limits that PgBouncer was configured with. */
#include "exporters/pgbouncer/common_show.h"

static const struct metric_desc metrics[] = {
	SHOW_METRICS,
	{"pgbouncer_config_max_client_connections", "The most clients that may be connected.", METRIC_GAUGE},
	{"pgbouncer_config_max_user_connections",
         "The most server connections of one user where nothing else is said; 0 is no limit.", METRIC_GAUGE},
	{0},
};

static const struct show_column columns[] = {
	{"max_client_conn", .metric = "max_client_connections"},
	{"max_user_connections", .metric = "max_user_connections"},
	{"*"},
	{0},
};

static const struct show_table table = {
	.name = "config",
	.sql = "SHOW CONFIG",
	.prefix = "pgbouncer_config_",
	.metrics = metrics,
	.columns = columns,
	.key = "key",
	.value = "value",
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return show_collect(p, &table, set, err);
}

const struct collector collector_pgbouncer_config = {
	.name = "config",
	.help = "The limits that PgBouncer was configured with.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
