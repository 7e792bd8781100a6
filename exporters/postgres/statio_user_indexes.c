/* Indexes one by one: what they are used for, and where they are read from. Off by default: there are many. */
#include "exporters/postgres/common_sql.h"

#define ID "datname,indexrelname,relname,schemaname"

static const struct metric_desc metrics[] = {
	{"pg_statio_user_indexes_idx_blks_read_total", "Blocks of the index that were read from outside the buffers.",
         METRIC_COUNTER, ID},
	{"pg_statio_user_indexes_idx_blks_hit_total", "Blocks of the index that were found in the buffers.",
         METRIC_COUNTER, ID},
	{"pg_stat_user_indexes_idx_scan_total", "Scans of the index; one that stays 0 is only a burden.",
         METRIC_COUNTER, ID},
	{"pg_stat_user_indexes_idx_tup_read_total", "Entries that scans of the index returned.", METRIC_COUNTER, ID},
	{"pg_stat_user_indexes_idx_tup_fetch_total", "Live rows that simple scans of the index fetched.",
         METRIC_COUNTER, ID},
	SQL_METRICS,
	{0},
};

/* The largest of them: which ones hardly changes from scrape to scrape. */
#define LARGEST                                                                                                        \
	"WHERE indexrelid = ANY (ARRAY(SELECT c.oid FROM pg_class c WHERE c.relkind = 'i' AND c.relnamespace NOT IN "  \
	"(SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema') "                     \
	"ORDER BY c.relpages DESC, c.oid LIMIT 500)) ORDER BY schemaname, relname, indexrelname"

static const struct sql_query io_queries[] = {
	{"statio_user_indexes", 0, 0,
         "SELECT current_database() AS datname, schemaname, relname, indexrelname, idx_blks_read AS "
         "idx_blks_read_total, "
         "idx_blks_hit AS idx_blks_hit_total FROM pg_statio_all_indexes " LARGEST},
	{0},
};

static const struct sql_query use_queries[] = {
	{"stat_user_indexes", 0, 0,
         "SELECT current_database() AS datname, schemaname, relname, indexrelname, idx_scan AS idx_scan_total, "
         "idx_tup_read AS idx_tup_read_total, idx_tup_fetch AS idx_tup_fetch_total FROM pg_stat_all_indexes " LARGEST},
	{0},
};

static const struct sql_table io = {"pg_statio_user_indexes_", metrics, io_queries};
static const struct sql_table use = {"pg_stat_user_indexes_", metrics, use_queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (sql_collect(p, &io, set, err) < 0)
		return -1;
	return sql_collect(p, &use, set, err);
}

const struct collector collector_postgres_statio_user_indexes = {
	.name = "statio_user_indexes",
	.help = "Use of the 500 largest indexes.",
	.target = TARGET_PG,
	.off_by_default = true,
	.metrics = metrics,
	.collect = collect,
};
