/* The databases that clients can ask for, and their limits. */
#include "exporters/pgbouncer/common_show.h"

#define DATABASE "database,force_user,host,name,pool_mode,port"

static const struct metric_desc metrics[] = {
	SHOW_METRICS,
	{"pgbouncer_databases_pool_size", "The most server connections of one user to this database.", METRIC_GAUGE,
         DATABASE},
	{"pgbouncer_databases_reserve_pool", "How many more server connections there may be when clients wait long.",
         METRIC_GAUGE, DATABASE},
	{"pgbouncer_databases_max_connections",
         "The most server connections of all users to this database; 0 is no limit.", METRIC_GAUGE, DATABASE},
	{"pgbouncer_databases_current_connections", "Server connections to this database.", METRIC_GAUGE, DATABASE},
	{"pgbouncer_databases_paused", "Whether this database is paused.", METRIC_GAUGE, DATABASE},
	{"pgbouncer_databases_disabled", "Whether new clients are turned away.", METRIC_GAUGE, DATABASE},
	{0},
};

static const struct show_column columns[] = {
	{"name", .label = "name"},
	{"host", .label = "host"},
	{"port", .label = "port"},
	{"database", .label = "database"},
	{"force_user", .label = "force_user"},
	{"pool_mode", .label = "pool_mode"},
	{"pool_size", .metric = "pool_size"},
	{"reserve_pool", .metric = "reserve_pool"},
	{"reserve_pool_size", .metric = "reserve_pool"}, /* from 1.24 on */
	{"max_connections", .metric = "max_connections"},
	{"current_connections", .metric = "current_connections"},
	{"paused", .metric = "paused"},
	{"disabled", .metric = "disabled"},
	{"min_pool_size"},
	{"server_lifetime"},
	{"load_balance_hosts"},
	{"max_client_connections"},
	{"current_client_connections"},
	{0},
};

static const struct show_table table = {
	.name = "databases",
	.sql = "SHOW DATABASES",
	.prefix = "pgbouncer_databases_",
	.metrics = metrics,
	.columns = columns,
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return show_collect(p, &table, set, err);
}

const struct collector collector_pgbouncer_databases = {
	.name = "databases",
	.help = "The databases that clients can ask for, and their limits.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
