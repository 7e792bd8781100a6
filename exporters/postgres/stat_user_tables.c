/* Scans, rows, vacuums and sizes of the tables of the database we log in to: the largest 500. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_user_tables_seq_scan", "Sequential scans that were begun.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_seq_tup_read", "Rows that sequential scans read.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_idx_scan", "Index scans that were begun.", METRIC_COUNTER, "datname,schemaname,relname"},
	{"pg_stat_user_tables_idx_tup_fetch", "Rows that index scans fetched.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_n_tup_ins", "Rows that were inserted.", METRIC_COUNTER, "datname,schemaname,relname"},
	{"pg_stat_user_tables_n_tup_upd", "Rows that were updated.", METRIC_COUNTER, "datname,schemaname,relname"},
	{"pg_stat_user_tables_n_tup_del", "Rows that were deleted.", METRIC_COUNTER, "datname,schemaname,relname"},
	{"pg_stat_user_tables_n_tup_hot_upd", "Rows that were updated without touching an index.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_n_live_tup", "Rows that are there, as estimated.", METRIC_GAUGE,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_n_dead_tup", "Dead rows, as estimated.", METRIC_GAUGE, "datname,schemaname,relname"},
	{"pg_stat_user_tables_n_mod_since_analyze", "Rows changed since the last analyze, as estimated.", METRIC_GAUGE,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_last_vacuum", "When the table was last vacuumed by hand, as Unix time; 0 is never.",
         METRIC_GAUGE, "datname,schemaname,relname"},
	{"pg_stat_user_tables_last_autovacuum", "When it was last vacuumed by the daemon, as Unix time; 0 is never.",
         METRIC_GAUGE, "datname,schemaname,relname"},
	{"pg_stat_user_tables_last_analyze", "When it was last analyzed by hand, as Unix time; 0 is never.",
         METRIC_GAUGE, "datname,schemaname,relname"},
	{"pg_stat_user_tables_last_autoanalyze", "When it was last analyzed by the daemon, as Unix time; 0 is never.",
         METRIC_GAUGE, "datname,schemaname,relname"},
	{"pg_stat_user_tables_vacuum_count", "Times that it was vacuumed by hand.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_autovacuum_count", "Times that the daemon vacuumed it.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_analyze_count", "Times that it was analyzed by hand.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_autoanalyze_count", "Times that the daemon analyzed it.", METRIC_COUNTER,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_table_size_bytes",
         "Space that the table takes without its indexes; asked at most once a minute.", METRIC_GAUGE,
         "datname,schemaname,relname"},
	{"pg_stat_user_tables_index_size_bytes", "Space that its indexes take; asked at most once a minute.",
         METRIC_GAUGE, "datname,schemaname,relname"},
	{"vedette_pg_tables_cut",
         "Tables that are left out because 500 larger ones are there; asked at most once a minute.", METRIC_GAUGE,
         "datname"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"stat_user_tables", 0, 0,
         "SELECT current_database() AS datname, schemaname, relname, "
         "seq_scan, "
         "seq_tup_read, "
         "COALESCE(idx_scan, 0) AS idx_scan, "
         "COALESCE(idx_tup_fetch, 0) AS idx_tup_fetch, "
         "n_tup_ins, "
         "n_tup_upd, "
         "n_tup_del, "
         "n_tup_hot_upd, "
         "n_live_tup, "
         "n_dead_tup, "
         "n_mod_since_analyze, "
         "vacuum_count, "
         "autovacuum_count, "
         "analyze_count, "
         "autoanalyze_count, "
         "COALESCE(extract(epoch FROM last_vacuum), 0) AS last_vacuum, "
         "COALESCE(extract(epoch FROM last_autovacuum), 0) AS last_autovacuum, "
         "COALESCE(extract(epoch FROM last_analyze), 0) AS last_analyze, "
         "COALESCE(extract(epoch FROM last_autoanalyze), 0) AS last_autoanalyze "
         "FROM pg_stat_all_tables WHERE relid = ANY (ARRAY(SELECT c.oid FROM pg_class c WHERE c.relkind IN ('r', 'm') "
         "AND c.relnamespace NOT IN (SELECT oid FROM pg_namespace "
         "WHERE nspname ~ '^pg_' OR nspname = 'information_schema') "
         "ORDER BY c.relpages DESC, c.oid LIMIT 500)) ORDER BY schemaname, relname"},
	{"table_sizes", 0, 0,
         "SELECT current_database() AS datname, n.nspname AS schemaname, c.relname, "
         "pg_table_size(c.oid) AS table_size_bytes, pg_indexes_size(c.oid) AS index_size_bytes "
         "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY (ARRAY(SELECT c.oid FROM "
         "pg_class c WHERE c.relkind IN ('r', 'm') AND c.relnamespace NOT IN (SELECT oid FROM pg_namespace "
         "WHERE nspname ~ '^pg_' OR nspname = 'information_schema') "
         "ORDER BY c.relpages DESC, c.oid LIMIT 500)) "
         "AND c.oid <> ALL (ARRAY(SELECT COALESCE(i.indrelid, l.relation) FROM pg_locks l LEFT JOIN pg_index i "
         "ON i.indexrelid = l.relation WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL)) "
         "ORDER BY n.nspname, c.relname",
         SQL_ONCE_A_MINUTE},
	{0},
};

static const struct sql_table table = {"pg_stat_user_tables_", metrics, queries};

static const struct sql_query cut_queries[] = {
	{"tables_cut", 0, 0,
         "SELECT current_database() AS datname, greatest(count(*) - 500, 0) AS cut FROM pg_class c WHERE c.relkind IN "
         "('r', 'm') AND c.relnamespace NOT IN (SELECT oid FROM pg_namespace "
         "WHERE nspname ~ '^pg_' OR nspname = 'information_schema')",
         SQL_ONCE_A_MINUTE},
	{0},
};

static const struct sql_table cut_table = {"vedette_pg_tables_", metrics, cut_queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (sql_collect(p, &table, set, err) < 0)
		return -1;
	return sql_collect(p, &cut_table, set, err);
}

const struct collector collector_postgres_stat_user_tables = {
	.name = "stat_user_tables",
	.help = "Scans, rows, vacuums and sizes of tables.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
