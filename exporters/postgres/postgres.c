/* A PostgreSQL server, with postgres_exporter's names. */
#include "exporters/postgres/common_pools.h"

#define SECOND INT64_C(1000000000)

/* Its settings begin with the client's own. */
static const struct field fields[] = {
	F_STRING(struct pg_options, host, NULL,
                 "Name, address or, with a leading /, the directory of its Unix socket; else the service's, $PGHOST or "
                 "$DATABASE_URL."),
	F_INT(struct pg_options, port, NULL, "Port; 5432 where nothing else is said.", 0, 65535),
	F_STRING(struct pg_options, database, NULL, "Database to log in to."),
	F_STRING(struct pg_options, user, NULL, "Role to log in as; it needs pg_monitor and nothing else."),
	F_SECRET(struct pg_options, password, "Its password, as it is: nothing in it needs escaping."),
	F_STRING(struct pg_options, service, NULL, "Section of pg_service.conf that says what is not said here."),
	F_ENUM(struct pg_options, sslmode, NULL, "As libpq's; default is $PGSSLMODE, else prefer.", pg_sslmodes),
	F_STRING(struct pg_options, sslrootcert, NULL, "File with the authorities that may sign its certificate."),
	F_STRING(struct pg_options, sslcert, NULL, "File with our certificate."),
	F_STRING(struct pg_options, sslkey, NULL, "File with our certificate's key."),
	{.name = "timeout",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct pg_options, timeout, int64_t),
         .def = "5s",
         .help = "The longest that one query may take; the server is told to end it a little earlier.",
         .min = SECOND / 2,
         .max = 120 * SECOND},
	F_INT(struct pg_target, max_series, "1000",
              "The most rows of one reply, so series of one metric, that are reported; the rest is counted.", 10,
              100000),
	{.name = "pools",
         .type = FIELD_LIST,
         .offset = FIELD_AT(struct pg_target, pools, struct list),
         .fields = pg_pool_fields,
         .item_size = sizeof(struct pg_pool),
         .check = pg_pool_check,
         .help = "Application pools to find among its sessions, for db_pool_*."},
	{0},
};

static const char *const variables[] = {"DATABASE_URL", "PGHOST", "PGSERVICE", NULL};

const struct exporter exporter_postgres = {
	.name = "postgres",
	.help = "PostgreSQL servers.",
	.job = "postgresql",
	.scrape_prefix = "pg",
	.many_targets = true,
	.target = TARGET_PG,
	.found_by = variables,
	.fields = fields,
	.config_size = sizeof(struct pg_target),
};
