/* Replicas that are connected here. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_replication_pg_current_wal_lsn_bytes", "Where the WAL is now, in bytes since its beginning.",
         METRIC_GAUGE, "application_name,client_addr,server,slot_name,state"},
	{"pg_stat_replication_pg_wal_lsn_diff", "WAL that the replica has not replayed yet, in bytes.", METRIC_GAUGE,
         "application_name,client_addr,server,slot_name,state"},
	{"vedette_pg_replica_replay_lag_seconds",
         "Time from a commit here until the replica had replayed it; absent while nothing is to be replayed.",
         METRIC_GAUGE, "application_name,client_addr,server,slot_name,state"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"stat_replication", 0, 0,
         "SELECT s.application_name, s.client_addr, r.slot_name, s.state, "
         "x.here - '0/0' AS pg_current_wal_lsn_bytes, x.here - s.replay_lsn AS pg_wal_lsn_diff "
         "FROM pg_stat_replication s LEFT JOIN pg_replication_slots r ON r.active_pid = s.pid, "
         "(SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS here) "
         "x "
         "ORDER BY 1, 2, 3"},
	{0},
};

static const struct sql_table table = {"pg_stat_replication_", metrics, queries};

static const struct sql_query lag_queries[] = {
	{"replay_lag", 0, 0,
         "SELECT s.application_name, s.client_addr, r.slot_name, s.state, "
         "extract(epoch FROM s.replay_lag) AS replay_lag_seconds FROM pg_stat_replication s "
         "LEFT JOIN pg_replication_slots r ON r.active_pid = s.pid ORDER BY 1, 2, 3"},
	{0},
};

static const struct sql_table lag_table = {"vedette_pg_replica_", metrics, lag_queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (sql_collect(p, &table, set, err) < 0)
		return -1;
	return sql_collect(p, &lag_table, set, err);
}

const struct collector collector_postgres_stat_replication = {
	.name = "stat_replication",
	.help = "Replicas that are connected, and how far they are behind.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
