/* Connection pools that only the application itself can report: which of its own metrics say what of which pool. */
#include "exporters/pools/common_app_pool.h"

static const struct field fields[] = {
	F_REF(struct app_pool, relay, "relay",
              "The relay whose program has the pool; may be left out where there is one."),
	F_STRING(struct app_pool, connections, NULL,
                 "Its metric of connections in use, or of all of them where a label state tells which are idle."),
	F_STRING(struct app_pool, max, NULL, "Its metric of the most connections that the pool may open."),
	F_STRING(struct app_pool, waiting, NULL, "Its metric of clients that wait for a connection."),
	F_STRING(struct app_pool, timeouts, NULL, "Its counter of clients that got no connection, with its _total."),
	{0},
};

static int check(const struct attachment *all, size_t i, struct err *err)
{
	const struct app_pool *pool = all[i].config;
	const char *const names[] = {pool->connections, pool->max, pool->waiting, pool->timeouts};
	size_t n = 0;

	if (!all[i].name)
		return err_set(err, "the pool needs a name; give one");
	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		if (names[k] && !metric_name_valid(names[k]))
			return err_set(err, "%.80s is no name of a metric", names[k]);
		n += names[k] != NULL;
	}
	if (!n)
		return err_set(err,
		               "nothing tells of the pool; write connections, max, waiting or timeouts, "
		               "each with the name of the application's metric");
	return 0;
}

const struct exporter exporter_pools = {
	.name = "pools",
	.help = "Connection pools, as the applications themselves report them.",
	.job = "pools",
	.many_targets = true,
	.target = TARGET_HTTP,
	.fields = fields,
	.config_size = sizeof(struct app_pool),
	.check = check,
};
