/* The background writer and, before 17, the checkpointer. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_bgwriter_checkpoints_timed_total", "Checkpoints that were due by time.", METRIC_COUNTER},
	{"pg_stat_bgwriter_checkpoints_req_total", "Checkpoints that were asked for.", METRIC_COUNTER},
	{"pg_stat_bgwriter_checkpoint_write_time_total", "Milliseconds that checkpoints spent writing.",
         METRIC_COUNTER},
	{"pg_stat_bgwriter_checkpoint_sync_time_total", "Milliseconds that checkpoints spent syncing.", METRIC_COUNTER},
	{"pg_stat_bgwriter_buffers_checkpoint_total", "Buffers that checkpoints wrote.", METRIC_COUNTER},
	{"pg_stat_bgwriter_buffers_clean_total", "Buffers that the background writer wrote.", METRIC_COUNTER},
	{"pg_stat_bgwriter_maxwritten_clean_total",
         "Times that the background writer stopped because it had written too much.", METRIC_COUNTER},
	{"pg_stat_bgwriter_buffers_backend_total", "Buffers that backends wrote themselves.", METRIC_COUNTER},
	{"pg_stat_bgwriter_buffers_backend_fsync_total", "Times that a backend had to sync itself.", METRIC_COUNTER},
	{"pg_stat_bgwriter_buffers_alloc_total", "Buffers that were allocated.", METRIC_COUNTER},
	{"pg_stat_bgwriter_stats_reset_total", "When these statistics were last reset, as Unix time.", METRIC_COUNTER},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"stat_bgwriter", 170000, 0,
         "SELECT buffers_clean AS buffers_clean_total, "
         "maxwritten_clean AS maxwritten_clean_total, "
         "buffers_alloc AS buffers_alloc_total, "
         "extract(epoch FROM stats_reset) AS stats_reset_total "
         "FROM pg_stat_bgwriter"},
	{"stat_bgwriter_16", 0, 170000,
         "SELECT checkpoints_timed AS checkpoints_timed_total, "
         "checkpoints_req AS checkpoints_req_total, "
         "checkpoint_write_time AS checkpoint_write_time_total, "
         "checkpoint_sync_time AS checkpoint_sync_time_total, "
         "buffers_checkpoint AS buffers_checkpoint_total, "
         "buffers_clean AS buffers_clean_total, "
         "maxwritten_clean AS maxwritten_clean_total, "
         "buffers_backend AS buffers_backend_total, "
         "buffers_backend_fsync AS buffers_backend_fsync_total, "
         "buffers_alloc AS buffers_alloc_total, "
         "extract(epoch FROM stats_reset) AS stats_reset_total "
         "FROM pg_stat_bgwriter"},
	{0},
};

static const struct sql_table table = {"pg_stat_bgwriter_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_stat_bgwriter = {
	.name = "stat_bgwriter",
	.help = "Background writer, and the checkpointer before PostgreSQL 17.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
