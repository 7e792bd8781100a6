/* Whether PgBouncer lets a new connection in. */
#include "collect/collector.h"
#include "net/pg.h"

static const struct metric_desc metrics[] = {
	{"vedette_pgbouncer_login_success", "Whether a new connection could log in to the console and ask its version.",
         METRIC_GAUGE},
	{"vedette_pgbouncer_login_duration_seconds", "Time from the first packet of that connection to the answer.",
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

const struct collector collector_pgbouncer_login = {
	.name = "login",
	.help = "Whether PgBouncer lets a new connection in; with SCRAM, a login takes each side some milliseconds.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
