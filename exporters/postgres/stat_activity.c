/* Sessions by what they do and who they are; a state without sessions counts 0. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_stat_activity_count", "Sessions in this state.", METRIC_GAUGE,
         "application_name,backend_type,datname,server,state,usename,wait_event,wait_event_type"},
	{"pg_stat_activity_max_tx_duration", "Age of the oldest transaction among these sessions, in seconds.",
         METRIC_GAUGE, "application_name,backend_type,datname,server,state,usename,wait_event,wait_event_type"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"stat_activity", 0, 0,
         "SELECT d.datname, s.state, a.usename, a.application_name, a.backend_type, a.wait_event_type, "
         "a.wait_event, COALESCE(a.n, 0) AS count, COALESCE(a.oldest, 0) AS max_tx_duration "
         "FROM pg_database d CROSS JOIN (VALUES ('active'), ('idle'), ('idle in transaction'), "
         "('idle in transaction (aborted)'), ('fastpath function call'), ('disabled')) s (state) "
         "LEFT JOIN (SELECT datname, state, usename, application_name, backend_type, wait_event_type, wait_event, "
         "count(*) AS n, max(extract(epoch FROM now() - xact_start)) AS oldest FROM pg_stat_activity "
         "GROUP BY 1, 2, 3, 4, 5, 6, 7) a ON a.datname = d.datname AND a.state = s.state "
         "ORDER BY a.n DESC NULLS LAST, d.datname, s.state, a.usename, a.application_name LIMIT 2000"},
	{0},
};

static const struct sql_table table = {"pg_stat_activity_", metrics, queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return sql_collect(p, &table, set, err);
}

const struct collector collector_postgres_stat_activity = {
	.name = "stat_activity",
	.help = "Sessions by state, user, application and wait event.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
