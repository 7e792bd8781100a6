/* What PgBouncer has counted for each database since it started. Times come in microseconds. */
#include "exporters/pgbouncer/common_show.h"

/* pgbouncer_exporter has renamed these; dashboards and rules with the older names are around. */
static const struct metric_desc metrics[] = {
	SHOW_METRICS,
	{"pgbouncer_stats_totals_sql_transactions_pooled_total", "Transactions that were passed to the server.",
         METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_queries_pooled_total", "Queries that were passed to the server.", METRIC_COUNTER,
         "database"},
	{"pgbouncer_stats_totals_received_bytes_total", "Bytes received from clients.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_sent_bytes_total", "Bytes sent to clients.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_server_in_transaction_seconds_total",
         "Time that server connections spent in transactions.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_queries_duration_seconds_total", "Time that server connections spent with queries.",
         METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_client_wait_seconds_total", "Time that clients spent waiting for a server connection.",
         METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_server_assignments_total", "Times that a server connection was given to a client.",
         METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_client_parses_total", "Statements that clients prepared.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_totals_server_parses_total", "Statements that PgBouncer prepared on servers.", METRIC_COUNTER,
         "database"},
	{"pgbouncer_stats_totals_binds_total", "Prepared statements that were bound.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_sql_transactions_pooled_total",
         "Transactions that were passed to the server; the older name.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_queries_pooled_total", "Queries that were passed to the server; the older name.",
         METRIC_COUNTER, "database"},
	{"pgbouncer_stats_received_bytes_total", "Bytes received from clients; the older name.", METRIC_COUNTER,
         "database"},
	{"pgbouncer_stats_sent_bytes_total", "Bytes sent to clients; the older name.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_server_in_transaction_seconds_total",
         "Time that server connections spent in transactions; the older name.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_queries_duration_seconds_total",
         "Time that server connections spent with queries; the older name.", METRIC_COUNTER, "database"},
	{"pgbouncer_stats_client_wait_seconds_total",
         "Time that clients spent waiting for a server connection; the older name.", METRIC_COUNTER, "database"},
	{0},
};

static const struct show_column columns[] = {
	{"database", .label = "database"},
	{"total_xact_count", .metric = "totals_sql_transactions_pooled_total"},
	{"total_query_count", .metric = "totals_queries_pooled_total"},
	{"total_received", .metric = "totals_received_bytes_total"},
	{"total_sent", .metric = "totals_sent_bytes_total"},
	{"total_xact_time", .metric = "totals_server_in_transaction_seconds_total", .factor = 1e-6},
	{"total_query_time", .metric = "totals_queries_duration_seconds_total", .factor = 1e-6},
	{"total_wait_time", .metric = "totals_client_wait_seconds_total", .factor = 1e-6},
	{"total_server_assignment_count", .metric = "totals_server_assignments_total"},
	{"total_client_parse_count", .metric = "totals_client_parses_total"},
	{"total_server_parse_count", .metric = "totals_server_parses_total"},
	{"total_bind_count", .metric = "totals_binds_total"},
	{"total_xact_count", .metric = "sql_transactions_pooled_total"},
	{"total_query_count", .metric = "queries_pooled_total"},
	{"total_received", .metric = "received_bytes_total"},
	{"total_sent", .metric = "sent_bytes_total"},
	{"total_xact_time", .metric = "server_in_transaction_seconds_total", .factor = 1e-6},
	{"total_query_time", .metric = "queries_duration_seconds_total", .factor = 1e-6},
	{"total_wait_time", .metric = "client_wait_seconds_total", .factor = 1e-6},
	{"avg_*"},
	{0},
};

static const struct show_table table = {
	.name = "stats",
	.sql = "SHOW STATS",
	.prefix = "pgbouncer_stats_",
	.metrics = metrics,
	.columns = columns,
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return show_collect(p, &table, set, err);
}

const struct collector collector_pgbouncer_stats = {
	.name = "stats",
	.help = "What PgBouncer has counted for each database.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
