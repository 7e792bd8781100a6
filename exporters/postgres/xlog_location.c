/* Where the write-ahead log is: written on a primary, replayed on a standby. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_xlog_location_bytes", "Position in the WAL that is written, or on a standby replayed.", METRIC_GAUGE},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	/* a double counts up to 2^53 */
	{"xlog_location", 0, 0,
         "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0') "
         "% (2^52)::bigint AS bytes"},
	{0},
};

static const struct sql_table table = {"pg_xlog_location_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_xlog_location = {
	.name = "xlog_location",
	.help = "Position in the write-ahead log.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
