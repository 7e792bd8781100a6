/* All that the program tells, as it tells it. */
#include "collect/relay.h"

static const struct metric_desc metrics[] = {
	{"<relayed>", "Whatever the program tells.", METRIC_UNTYPED, NULL, true},
	SERIES_RULES_METRIC,
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct relay_options *o = p->target;

	return relay_read(p, o, &o->rules, &metrics[1], set, err);
}

const struct collector collector_relay_exposition = {
	.name = "exposition",
	.help = "The program's metrics, as they are.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
