/* All that the program tells, as it tells it. */
#include "collect/relay.h"

static const struct metric_desc metrics[] = {
	{"<relayed>", "Whatever the program tells.", METRIC_UNTYPED, NULL, true},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	return relay_read(p, p->target, set, err);
}

const struct collector collector_relay_exposition = {
	.name = "exposition",
	.help = "The program's metrics, as they are.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
