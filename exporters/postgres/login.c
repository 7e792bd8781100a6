/* Whether a new client can still get in: what an application needs that has lost its connections. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"vedette_pg_login_success", "Whether a new connection could log in and ask a trivial query.", METRIC_GAUGE},
	{"vedette_pg_login_duration_seconds", "Time from the first packet of that connection to the query's answer.",
         METRIC_GAUGE},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	double seconds;
	int rc = pg_login(p->pg, p->deadline_ns, &seconds, err);

	sample_add(set, &metrics[0], rc == 0, NO_LABELS);
	if (rc == 0)
		sample_add(set, &metrics[1], seconds, NO_LABELS);
	return rc;
}

const struct collector collector_postgres_login = {
	.name = "login",
	.help = "Whether a new client can still log in.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
