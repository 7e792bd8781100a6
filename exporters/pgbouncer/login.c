/* Whether PgBouncer lets a new connection in. */
#include "collect/ask.h"

static const struct metric_desc metrics[] = {
	{"vedette_pgbouncer_login_success", "Whether a new connection could log in to the console and ask its version.",
         METRIC_GAUGE},
	{"vedette_pgbouncer_login_duration_seconds", "Time from the first packet of that connection to the answer.",
         METRIC_GAUGE},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return probe_login(p, metrics, set, err);
}

const struct collector collector_pgbouncer_login = {
	.name = "login",
	.help = "Whether PgBouncer lets a new connection in; with SCRAM, a login takes each side some milliseconds.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
