/* Clients and server connections of each pool, which is a pair of a database and a user. */
#include "exporters/pgbouncer/common_show.h"

static const struct metric_desc metrics[] = {
	SHOW_METRICS,
	{"pgbouncer_pools_client_active_connections", "Clients that are linked to a server connection, or idle.",
         METRIC_GAUGE, "database,user"},
	{"pgbouncer_pools_client_waiting_connections", "Clients that wait for a server connection.", METRIC_GAUGE,
         "database,user"},
	{"pgbouncer_pools_client_active_cancel_connections",
         "Clients whose cancel request was passed on to the server, which has not replied yet.", METRIC_GAUGE,
         "database,user"},
	{"pgbouncer_pools_client_waiting_cancel_connections", "Clients whose cancel request was not passed on yet.",
         METRIC_GAUGE, "database,user"},
	{"pgbouncer_pools_server_active_connections", "Server connections that are linked to a client.", METRIC_GAUGE,
         "database,user"},
	{"pgbouncer_pools_server_active_cancel_connections", "Server connections that pass on a cancel request.",
         METRIC_GAUGE, "database,user"},
	{"pgbouncer_pools_server_being_canceled_connections",
         "Server connections that wait for cancel requests against them to end.", METRIC_GAUGE, "database,user"},
	{"pgbouncer_pools_server_idle_connections", "Server connections that are free for the next client.",
         METRIC_GAUGE, "database,user"},
	{"pgbouncer_pools_server_used_connections",
         "Free server connections that are to be checked before their next use.", METRIC_GAUGE, "database,user"},
	{"pgbouncer_pools_server_testing_connections", "Server connections that are being reset or checked.",
         METRIC_GAUGE, "database,user"},
	{"pgbouncer_pools_server_login_connections", "Server connections that are logging in.", METRIC_GAUGE,
         "database,user"},
	{"pgbouncer_pools_client_maxwait_seconds", "How long the oldest waiting client has waited.", METRIC_GAUGE,
         "database,user"},
	{0},
};

static const struct show_column columns[] = {
	{"database", .label = "database"},
	{"user", .label = "user"},
	{"cl_active", .metric = "client_active_connections"},
	{"cl_waiting", .metric = "client_waiting_connections"},
	{"cl_active_cancel_req", .metric = "client_active_cancel_connections"},
	{"cl_waiting_cancel_req", .metric = "client_waiting_cancel_connections"},
	{"cl_cancel_req", .metric = "client_waiting_cancel_connections"}, /* before 1.18 */
	{"sv_active", .metric = "server_active_connections"},
	{"sv_active_cancel", .metric = "server_active_cancel_connections"},
	{"sv_being_canceled", .metric = "server_being_canceled_connections"},
	{"sv_idle", .metric = "server_idle_connections"},
	{"sv_used", .metric = "server_used_connections"},
	{"sv_tested", .metric = "server_testing_connections"},
	{"sv_login", .metric = "server_login_connections"},
	{"maxwait", .metric = "client_maxwait_seconds"},
	{"maxwait_us", .metric = "client_maxwait_seconds", .factor = 1e-6},
	{"pool_mode"},
	{"load_balance_hosts"},
	{0},
};

static const struct show_table table = {
	.name = "pools",
	.sql = "SHOW POOLS",
	.prefix = "pgbouncer_pools_",
	.metrics = metrics,
	.columns = columns,
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return show_collect(p, &table, set, err);
}

const struct collector collector_pgbouncer_pools = {
	.name = "pools",
	.help = "Clients and server connections of each pool.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
