/* Vacuums under way. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_progress_vacuum_heap_blks", "Blocks of the table.", METRIC_GAUGE, "datname,relname"},
	{"pg_stat_progress_vacuum_heap_blks_scanned", "Blocks that were scanned.", METRIC_GAUGE, "datname,relname"},
	{"pg_stat_progress_vacuum_heap_blks_vacuumed", "Blocks that were vacuumed.", METRIC_GAUGE, "datname,relname"},
	{"pg_stat_progress_vacuum_index_vacuums", "Times that the indexes were gone through.", METRIC_GAUGE,
         "datname,relname"},
	{"pg_stat_progress_vacuum_max_dead_tuples",
         "Dead rows that fit into memory before the indexes are gone through.", METRIC_GAUGE, "datname,relname"},
	{"pg_stat_progress_vacuum_num_dead_tuples", "Dead rows collected since then.", METRIC_GAUGE, "datname,relname"},
	{"pg_stat_progress_vacuum_phase", "What the vacuum does now, in its label.", METRIC_GAUGE,
         "datname,relname,phase"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"progress_vacuum", 0, 170000,
         "SELECT s.datname, COALESCE(c.relname, s.relid::text) AS relname, s.heap_blks_total AS heap_blks, "
         "s.heap_blks_scanned, "
         "s.heap_blks_vacuumed, s.index_vacuum_count AS index_vacuums, s.max_dead_tuples, s.num_dead_tuples "
         "FROM pg_stat_progress_vacuum s LEFT JOIN pg_class c ON c.oid = s.relid "
         "AND s.datname = current_database() ORDER BY 1, 2"},
	{"progress_vacuum_17", 170000, 0,
         "SELECT s.datname, COALESCE(c.relname, s.relid::text) AS relname, s.heap_blks_total AS heap_blks, "
         "s.heap_blks_scanned, "
         "s.heap_blks_vacuumed, s.index_vacuum_count AS index_vacuums, s.num_dead_item_ids AS num_dead_tuples "
         "FROM pg_stat_progress_vacuum s LEFT JOIN pg_class c ON c.oid = s.relid "
         "AND s.datname = current_database() ORDER BY 1, 2"},
	{0},
};

static const struct sql_table table = {"pg_stat_progress_vacuum_", metrics, queries};

static const struct sql_query phase_queries[] = {
	{"vacuum_phase", 0, 0,
         "SELECT s.datname, COALESCE(c.relname, s.relid::text) AS relname, s.phase, 1 AS vacuum_phase "
         "FROM pg_stat_progress_vacuum s LEFT JOIN pg_class c ON c.oid = s.relid AND s.datname = current_database() "
         "ORDER BY 1, 2"},
	{0},
};

static const struct sql_table phase_table = {"pg_stat_progress_", metrics, phase_queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (sql_collect(p, &table, set, err) < 0)
		return -1;
	return sql_collect(p, &phase_table, set, err);
}

const struct collector collector_postgres_stat_progress_vacuum = {
	.name = "stat_progress_vacuum",
	.help = "How far the vacuums are that are under way.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
