/* A PgBouncer, asked on its console, with pgbouncer_exporter's names. */
#include "collect/collector.h"
#include "net/pg.h"

#define SECOND INT64_C(1000000000)

/* Its settings are the client's own. */
static const struct field fields[] = {
	{.name = "host",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct pg_options, host, const char *),
         .help = "Name, address or, with a leading /, the directory of its Unix socket.",
         .required = true},
	F_INT(struct pg_options, port, "6432", "Port.", 1, 65535),
	F_STRING(struct pg_options, database, "pgbouncer", "Name of the console."),
	F_STRING(struct pg_options, user, NULL, "User to log in as; stats_users in pgbouncer.ini must name it."),
	F_SECRET(struct pg_options, password, "Its password, as it is: nothing in it needs escaping."),
	F_ENUM(struct pg_options, sslmode, NULL, "As libpq's; default is $PGSSLMODE, else prefer.", pg_sslmodes),
	F_STRING(struct pg_options, sslrootcert, NULL, "File with the authorities that may sign its certificate."),
	F_STRING(struct pg_options, sslcert, NULL, "File with our certificate."),
	F_STRING(struct pg_options, sslkey, NULL, "File with our certificate's key."),
	{0},
};

const struct exporter exporter_pgbouncer = {
	.name = "pgbouncer",
	.help = "PgBouncer connection pools.",
	.job = "pgbouncer",
	.many_targets = true,
	.target = TARGET_PGBOUNCER,
	.fields = fields,
	.config_size = sizeof(struct pg_options),
};
