/* Whether our role may see what it is here for. A server hides much from others without a word: sessions then count as
 * none. So what is missing is said here, once, with the way to mend it. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"vedette_pg_monitor_granted", "Whether our role has the rights of pg_monitor.", METRIC_GAUGE},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct pg_rows *rows;
	const char *role;
	double granted;

	if (probe_ask(p, "rights",
	              "SELECT pg_has_role('pg_monitor', 'USAGE') AS granted, quote_ident(current_user) AS role", &rows,
	              err) < 0)
		return -1;
	if (!pg_rows_count(rows) || !pg_number(rows, 0, 0, &granted))
		return err_set(err, "rights: the reply is empty");
	sample_add(set, &metrics[0], granted, NO_LABELS);
	role = pg_text(rows, 0, 1);
	return granted ? 0
	               : err_set(err,
	                         "other users' sessions, sizes of other databases, WAL, replication and some settings "
	                         "are "
	                         "hidden from our role; as a superuser: GRANT pg_monitor TO %.80s",
	                         role ? role : "…");
}

const struct collector collector_postgres_rights = {
	.name = "rights",
	.help = "Whether our role has the rights of pg_monitor.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
