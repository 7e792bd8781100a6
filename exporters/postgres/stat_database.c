/* What goes on in each database. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_database_numbackends", "Connections to the database.", METRIC_GAUGE, "datid,datname"},
	{"pg_stat_database_xact_commit", "Transactions that were committed.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_xact_rollback", "Transactions that were rolled back.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_blks_read", "Blocks that were read from disk or the system's cache.", METRIC_COUNTER,
         "datid,datname"},
	{"pg_stat_database_blks_hit", "Blocks that were found in shared buffers.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_tup_returned", "Rows that scans read.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_tup_fetched", "Rows that index scans fetched.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_tup_inserted", "Rows that were inserted.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_tup_updated", "Rows that were updated.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_tup_deleted", "Rows that were deleted.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_conflicts", "Queries that were cancelled because they conflicted with recovery.",
         METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_temp_files", "Temporary files that queries made.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_temp_bytes", "Bytes that queries wrote to temporary files.", METRIC_COUNTER,
         "datid,datname"},
	{"pg_stat_database_deadlocks", "Deadlocks that were found.", METRIC_COUNTER, "datid,datname"},
	{"pg_stat_database_blk_read_time",
         "Milliseconds that backends spent reading blocks; 0 unless track_io_timing is on.", METRIC_COUNTER,
         "datid,datname"},
	{"pg_stat_database_blk_write_time",
         "Milliseconds that backends spent writing blocks; 0 unless track_io_timing is on.", METRIC_COUNTER,
         "datid,datname"},
	{"pg_stat_database_stats_reset",
         "When the statistics of the database were last reset, as Unix time; 0 is never.", METRIC_COUNTER,
         "datid,datname"},
	{"pg_stat_database_active_time_seconds_total", "Time that sessions spent executing statements.", METRIC_COUNTER,
         "datid,datname"},
	{"pg_stat_database_conflicts_confl_tablespace", "Queries cancelled because of dropped tablespaces.",
         METRIC_COUNTER, "datid,datname,server"},
	{"pg_stat_database_conflicts_confl_lock", "Queries cancelled because of lock time-outs on a standby.",
         METRIC_COUNTER, "datid,datname,server"},
	{"pg_stat_database_conflicts_confl_snapshot", "Queries cancelled because of old snapshots.", METRIC_COUNTER,
         "datid,datname,server"},
	{"pg_stat_database_conflicts_confl_bufferpin", "Queries cancelled because of pinned buffers.", METRIC_COUNTER,
         "datid,datname,server"},
	{"pg_stat_database_conflicts_confl_deadlock", "Queries cancelled because of deadlocks on a standby.",
         METRIC_COUNTER, "datid,datname,server"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"stat_database", 140000, 0,
         "SELECT datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, "
         "tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, "
         "blk_read_time, blk_write_time, COALESCE(extract(epoch FROM stats_reset), 0) AS stats_reset, "
         "active_time / 1000 AS active_time_seconds_total "
         "FROM pg_stat_database WHERE datid <> 0 AND datname IS NOT NULL ORDER BY datname"},
	{"stat_database_13", 0, 140000,
         "SELECT datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, "
         "tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, "
         "blk_read_time, blk_write_time, COALESCE(extract(epoch FROM stats_reset), 0) AS stats_reset "
         "FROM pg_stat_database WHERE datid <> 0 AND datname IS NOT NULL ORDER BY datname"},
	{"stat_database_conflicts", 0, 0,
         "SELECT datid, datname, "
         "confl_tablespace AS conflicts_confl_tablespace, "
         "confl_lock AS conflicts_confl_lock, "
         "confl_snapshot AS conflicts_confl_snapshot, "
         "confl_bufferpin AS conflicts_confl_bufferpin, "
         "confl_deadlock AS conflicts_confl_deadlock "
         "FROM pg_stat_database_conflicts ORDER BY datname"},
	{0},
};

static const struct sql_table table = {"pg_stat_database_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_stat_database = {
	.name = "stat_database",
	.help = "Activity of each database, and conflicts on a standby.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
