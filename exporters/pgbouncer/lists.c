/* How many of everything there are. */
#include "exporters/pgbouncer/common_show.h"

static const struct metric_desc metrics[] = {
	SHOW_METRICS,
	{"pgbouncer_databases", "Databases that are known.", METRIC_GAUGE},
	{"pgbouncer_users", "Users that are known.", METRIC_GAUGE},
	{"pgbouncer_pools", "Pools, each for a pair of a database and a user.", METRIC_GAUGE},
	{"pgbouncer_free_clients", "Places for clients that are free in memory.", METRIC_GAUGE},
	{"pgbouncer_used_clients", "Clients that are connected.", METRIC_GAUGE},
	{"pgbouncer_login_clients", "Clients that are logging in.", METRIC_GAUGE},
	{"pgbouncer_free_servers", "Places for server connections that are free in memory.", METRIC_GAUGE},
	{"pgbouncer_used_servers", "Server connections that are open.", METRIC_GAUGE},
	{"pgbouncer_cached_dns_names", "Names in the cache of DNS.", METRIC_GAUGE},
	{"pgbouncer_cached_dns_zones", "Zones in the cache of DNS.", METRIC_GAUGE},
	{"pgbouncer_in_flight_dns_queries", "DNS queries without an answer yet.", METRIC_GAUGE},
	{0},
};

static const struct show_column columns[] = {
	{"databases", .metric = "databases"},
	{"users", .metric = "users"},
	{"pools", .metric = "pools"},
	{"free_clients", .metric = "free_clients"},
	{"used_clients", .metric = "used_clients"},
	{"login_clients", .metric = "login_clients"},
	{"free_servers", .metric = "free_servers"},
	{"used_servers", .metric = "used_servers"},
	{"dns_names", .metric = "cached_dns_names"},
	{"dns_zones", .metric = "cached_dns_zones"},
	{"dns_queries", .metric = "in_flight_dns_queries"},
	{"dns_pending"},
	{"peers"},
	{"peer_pools"},
	{0},
};

static const struct show_table table = {
	.name = "lists",
	.sql = "SHOW LISTS",
	.prefix = "pgbouncer_",
	.metrics = metrics,
	.columns = columns,
	.key = "list",
	.value = "items",
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return show_collect(p, &table, set, err);
}

const struct collector collector_pgbouncer_lists = {
	.name = "lists",
	.help = "How many databases, users, pools, clients and servers there are.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
