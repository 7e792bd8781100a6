/* Transactions that have been open for long, and sessions that do nothing in one. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_long_running_transactions", "Transactions that have been open for more than a minute.", METRIC_GAUGE},
	{"pg_long_running_transactions_oldest_timestamp_seconds", "Age of the oldest open transaction, in seconds.",
         METRIC_GAUGE},
	{"vedette_pg_idle_in_transaction_sessions", "Sessions that do nothing within a transaction.", METRIC_GAUGE,
         "datname,usename,application_name"},
	{"vedette_pg_idle_in_transaction_seconds", "How long the longest of these sessions has been idle.",
         METRIC_GAUGE, "datname,usename,application_name"},
	SQL_METRICS,
	{0},
};

static const struct sql_query queries[] = {
	{"long_running", 0, 0,
         "SELECT count(*) FILTER (WHERE clock_timestamp() - xact_start > interval '1 minute') AS transactions, "
         "COALESCE(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) AS "
         "transactions_oldest_timestamp_seconds "
         "FROM pg_stat_activity WHERE xact_start IS NOT NULL AND backend_type = 'client backend' "
         "AND pid <> pg_backend_pid()"},
	{0},
};

static const struct sql_table table = {"pg_long_running_", metrics, queries};

static const struct sql_query idle_queries[] = {
	{"idle_in_transaction", 0, 0,
         "SELECT datname, usename, application_name, count(*) AS sessions, "
         "max(extract(epoch FROM clock_timestamp() - state_change)) AS seconds FROM pg_stat_activity "
         "WHERE state LIKE 'idle in transaction%' GROUP BY 1, 2, 3 ORDER BY 5 DESC LIMIT 100"},
	{0},
};

static const struct sql_table idle_table = {"vedette_pg_idle_in_transaction_", metrics, idle_queries};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (sql_collect(p, &table, set, err) < 0)
		return -1;
	return sql_collect(p, &idle_table, set, err);
}

const struct collector collector_postgres_long_running_transactions = {
	.name = "long_running_transactions",
	.help = "Long transactions, and sessions idle in one.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
