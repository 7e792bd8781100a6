/* Locks by mode, and who waits for whom. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_locks_count", "Locks that are held or waited for.", METRIC_GAUGE, "datname,mode"},
	{"vedette_pg_blocked_sessions",
         "Sessions that wait for a lock, by the application, or else the user, that holds it.", METRIC_GAUGE,
         "datname,usename,application_name,blocked_by"},
	{"vedette_pg_blocked_seconds",
         "How long the longest of these sessions has been waiting since its state changed.", METRIC_GAUGE,
         "datname,usename,application_name,blocked_by"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"locks", 0, 0,
         "SELECT d.datname, m.mode, COALESCE(l.n, 0) AS count FROM pg_database d "
         "CROSS JOIN (VALUES ('accesssharelock'), "
         "('rowsharelock'), "
         "('rowexclusivelock'), "
         "('shareupdateexclusivelock'), "
         "('sharelock'), "
         "('sharerowexclusivelock'), "
         "('exclusivelock'), "
         "('accessexclusivelock'), "
         "('sireadlock')) m (mode) "
         "LEFT JOIN (SELECT database, lower(mode) AS mode, count(*) AS n FROM pg_locks WHERE database IS NOT NULL "
         "GROUP BY 1, 2) l ON l.database = d.oid AND l.mode = m.mode ORDER BY d.datname, m.mode"},
	{0},
};

static const struct sql_query blocked_queries[] = {
	{"blocked", 0, 0,
         "SELECT w.datname, w.usename, w.application_name, b.blocked_by, count(*) AS sessions, "
         "max(extract(epoch FROM clock_timestamp() - w.state_change)) AS seconds FROM pg_stat_activity w "
         "CROSS JOIN LATERAL (SELECT COALESCE(NULLIF(h.application_name, ''), h.usename, h.backend_type) AS blocked_by "
         "FROM unnest(pg_blocking_pids(w.pid)) p (pid) LEFT JOIN pg_stat_activity h ON h.pid = p.pid LIMIT 1) b "
         "WHERE w.wait_event_type = 'Lock' GROUP BY 1, 2, 3, 4 ORDER BY sessions DESC, 1, 2, 3, 4 LIMIT 50"},
	{0},
};

static const struct sql_table blocked = {"vedette_pg_blocked_", metrics, blocked_queries};
static const struct sql_table table = {"pg_locks_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (sql_collect(p, &table, set, err) < 0)
		return -1;
	return sql_collect(p, &blocked, set, err);
}

const struct collector collector_postgres_locks = {
	.name = "locks",
	.help = "Locks by mode, and sessions that wait for one.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
