/* Whether this is a replica and how far behind. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_replication_is_replica", "Whether the server is in recovery.", METRIC_GAUGE},
	{"pg_replication_lag_seconds", "How far a replica is behind; 0 on a primary.", METRIC_GAUGE},
	{"pg_replication_last_replay_seconds", "Time since a replica last replayed a transaction; 0 on a primary.",
         METRIC_GAUGE},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"replication", 0, 0,
         "SELECT pg_is_in_recovery() AS is_replica, "
         "CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 "
         "ELSE GREATEST(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END AS lag_seconds, "
         "GREATEST(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())) AS last_replay_seconds"},
	{0},
};

static const struct sql_table table = {"pg_replication_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_replication = {
	.name = "replication",
	.help = "Whether this is a replica, and its lag.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
