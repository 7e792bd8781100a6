/* Blocks that the tables of the database we log in to read: the largest 500. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_statio_user_tables_heap_blocks_read", "Blocks of the table that were read.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_statio_user_tables_heap_blocks_hit", "Blocks of the table that were found in shared buffers.",
         METRIC_COUNTER, "datname,schemaname,relname"},
	{"pg_statio_user_tables_idx_blocks_read", "Blocks of its indexes that were read.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_statio_user_tables_idx_blocks_hit", "Blocks of its indexes that were found in shared buffers.",
         METRIC_COUNTER, "datname,schemaname,relname"},
	{"pg_statio_user_tables_toast_blocks_read", "Blocks of its TOAST table that were read.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_statio_user_tables_toast_blocks_hit", "Blocks of its TOAST table that were found in shared buffers.",
         METRIC_COUNTER, "datname,schemaname,relname"},
	{"pg_statio_user_tables_tidx_blocks_read", "Blocks of the TOAST table's index that were read.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_statio_user_tables_tidx_blocks_hit",
         "Blocks of the TOAST table's index that were found in shared buffers.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"statio_user_tables", 0, 0,
         "SELECT current_database() AS datname, schemaname, relname, "
         "COALESCE(heap_blks_read, 0) AS heap_blocks_read, "
         "COALESCE(heap_blks_hit, 0) AS heap_blocks_hit, "
         "COALESCE(idx_blks_read, 0) AS idx_blocks_read, "
         "COALESCE(idx_blks_hit, 0) AS idx_blocks_hit, "
         "COALESCE(toast_blks_read, 0) AS toast_blocks_read, "
         "COALESCE(toast_blks_hit, 0) AS toast_blocks_hit, "
         "COALESCE(tidx_blks_read, 0) AS tidx_blocks_read, "
         "COALESCE(tidx_blks_hit, 0) AS tidx_blocks_hit "
         "FROM pg_statio_all_tables WHERE relid = ANY (ARRAY(SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', "
         "'m') AND c.relnamespace NOT IN (SELECT oid FROM pg_namespace "
         "WHERE nspname ~ '^pg_' OR nspname = 'information_schema') "
         "ORDER BY c.relpages DESC, c.oid LIMIT 500)) ORDER BY schemaname, relname"},
	{0},
};

static const struct sql_table table = {"pg_statio_user_tables_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_statio_user_tables = {
	.name = "statio_user_tables",
	.help = "Blocks that tables read, and those found in memory.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
