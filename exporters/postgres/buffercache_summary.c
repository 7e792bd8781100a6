/* What the shared buffers hold, from the extension pg_buffercache 1.4 (PostgreSQL 16) on. Off by default: the server
 * looks at every buffer. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_buffercache_summary_buffers_used", "Shared buffers that hold something.", METRIC_GAUGE},
	{"pg_buffercache_summary_buffers_unused", "Shared buffers that hold nothing.", METRIC_GAUGE},
	{"pg_buffercache_summary_buffers_dirty", "Shared buffers that are to be written.", METRIC_GAUGE},
	{"pg_buffercache_summary_buffers_pinned", "Shared buffers that somebody uses now.", METRIC_GAUGE},
	{"pg_buffercache_summary_usagecount_avg", "How often the used buffers were used lately, on average.",
         METRIC_GAUGE},
	SQL_METRICS,
	{0},
};

static const char find_sql[] =
	"SELECT quote_ident(n.nspname) AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
	"JOIN pg_proc p ON p.pronamespace = n.oid AND p.proname = 'pg_buffercache_summary' "
	"WHERE e.extname = 'pg_buffercache'";

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct sql_query queries[2] = {{.name = "buffercache_summary"}};
	const struct sql_table table = {"pg_buffercache_summary_", metrics, queries};
	const struct pg_rows *rows;

	if (probe_ask(p, "buffercache_extension", find_sql, &rows, err) < 0)
		return -1;
	if (!pg_rows_count(rows) || !pg_text(rows, 0, 0))
		return err_set(
			err,
			"the extension is missing, or older than PostgreSQL 16's; as a superuser, in the database of "
			"our login: CREATE EXTENSION pg_buffercache");
	queries[0].sql =
		arena_printf(p->arena,
	                     "SELECT buffers_used, buffers_unused, buffers_dirty, buffers_pinned, usagecount_avg "
	                     "FROM %s.pg_buffercache_summary()",
	                     pg_text(rows, 0, 0));
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_buffercache_summary = {
	.name = "buffercache_summary",
	.help = "What the shared buffers hold; needs the extension pg_buffercache.",
	.target = TARGET_PG,
	.off_by_default = true,
	.metrics = metrics,
	.collect = collect,
};
