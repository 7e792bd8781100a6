/* Whether a new client can still get in: what an application needs that has lost its connections. */
#include "collect/ask.h"

static const struct metric_desc metrics[] = {
	{"vedette_pg_login_success", "Whether a new connection could log in and ask a trivial query.", METRIC_GAUGE},
	{"vedette_pg_login_duration_seconds", "Time from the first packet of that connection to the query's answer.",
         METRIC_GAUGE},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return probe_login(p, metrics, set, err);
}

const struct collector collector_postgres_login = {
	.name = "login",
	.help = "Whether a new client can still log in.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
