/* The checkpointer, which has a view of its own since 17. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_checkpointer_num_timed_total", "Checkpoints that were due by time.", METRIC_COUNTER},
	{"pg_stat_checkpointer_num_requested_total", "Checkpoints that were asked for.", METRIC_COUNTER},
	{"pg_stat_checkpointer_restartpoints_timed_total", "Restart points that were due by time.", METRIC_COUNTER},
	{"pg_stat_checkpointer_restartpoints_req_total", "Restart points that were asked for.", METRIC_COUNTER},
	{"pg_stat_checkpointer_restartpoints_done_total", "Restart points that were made.", METRIC_COUNTER},
	{"pg_stat_checkpointer_write_time_total", "Milliseconds spent writing.", METRIC_COUNTER},
	{"pg_stat_checkpointer_sync_time_total", "Milliseconds spent syncing.", METRIC_COUNTER},
	{"pg_stat_checkpointer_buffers_written_total", "Buffers written.", METRIC_COUNTER},
	{"pg_stat_checkpointer_stats_reset_total", "When these statistics were last reset, as Unix time.",
         METRIC_COUNTER},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"stat_checkpointer", 170000, 0,
         "SELECT num_timed AS num_timed_total, "
         "num_requested AS num_requested_total, "
         "restartpoints_timed AS restartpoints_timed_total, "
         "restartpoints_req AS restartpoints_req_total, "
         "restartpoints_done AS restartpoints_done_total, "
         "write_time AS write_time_total, "
         "sync_time AS sync_time_total, "
         "buffers_written AS buffers_written_total, "
         "extract(epoch FROM stats_reset) AS stats_reset_total "
         "FROM pg_stat_checkpointer"},
	{0},
};

static const struct sql_table table = {"pg_stat_checkpointer_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_stat_checkpointer = {
	.name = "stat_checkpointer",
	.help = "The checkpointer, from PostgreSQL 17 on.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
