/* Who is connected: clients by what they call themselves. The reply has a row for each client. */
#include <string.h>

#include "exporters/pgbouncer/common_show.h"

static const struct metric_desc metrics[] = {
	SHOW_METRICS,
	{"pgbouncer_client_connections", "Clients of this name in this state.", METRIC_GAUGE,
         "application_name,database,state,user"},
	{0},
};

/* With application_name_add_host it ends in " - 10.0.0.1:51234": a series for each connection there ever was. */
static const char *without_address(struct arena *a, const struct pg_rows *rows, size_t row, const char *name)
{
	int addr = pg_column(rows, "addr"), port = pg_column(rows, "port");
	const char *at = NULL, *host = addr < 0 ? NULL : pg_text(rows, row, addr);
	const char *number = port < 0 ? NULL : pg_text(rows, row, port);

	for (const char *next = name; (next = strstr(next, " - ")); next++)
		at = next;
	if (!at || !host || !number || strncmp(at + 3, host, strlen(host)) != 0)
		return name;
	for (const char *colon = at; (colon = strchr(colon, ':')); colon++)
		if (!strcmp(colon + 1, number))
			return arena_strndup(a, name, (size_t)(at - name));
	return name;
}

static const struct show_column columns[] = {
	{"application_name", .label = "application_name", .read = without_address},
	{"database", .label = "database"},
	{"state", .label = "state"},
	{"user", .label = "user"},
	{"type"},
	{"replication"},
	{"addr"},
	{"port"},
	{"local_addr"},
	{"local_port"},
	{"connect_time"},
	{"request_time"},
	{"wait"},
	{"wait_us"},
	{"close_needed"},
	{"ptr"},
	{"link"},
	{"remote_pid"},
	{"tls"},
	{"prepared_statements"},
	{"id"},
	{0},
};

static const struct show_table table = {
	.name = "clients",
	.sql = "SHOW CLIENTS",
	.prefix = "pgbouncer_",
	.metrics = metrics,
	.columns = columns,
	.count = "client_connections",
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return show_collect(p, &table, set, err);
}

const struct collector collector_pgbouncer_clients = {
	.name = "clients",
	.help = "Clients by application_name; PgBouncer replies with a row for each client, which for thousands takes "
		"it some milliseconds.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
