/* All queries of the settings that name this target, one after the other; one that fails costs itself only. */
#include "exporters/sql/common_query.h"

enum { SUCCESS, DURATION, AGE };

static const struct metric_desc metrics[] = {
	[SUCCESS] =
		{"vedette_sql_query_success",
                 "Whether the query was answered and its reply made sense, in this scrape or when it was asked last.",
                 METRIC_GAUGE, "query"},
	[DURATION] =
		{"vedette_sql_query_duration_seconds",
                 "Time that the query took in this scrape; next to nothing where an earlier reply was given again.",
                 METRIC_GAUGE, "query"},
	[AGE] = {"vedette_sql_query_age_seconds", "How long ago the reply was asked for that is reported.",
                 METRIC_GAUGE, "query"},
	{"<query>", "What a query of the settings says, with its own help, type and labels.", METRIC_UNTYPED, NULL,
         true},
	{0},
};

static double seconds(const struct kernel *kernel)
{
	struct timespec now;

	kernel->clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

static int run(struct probe *p, const struct attachment *item, struct sample_set *set, struct err *err)
{
	const struct pg_rows *rows;
	double start = seconds(p->kernel);
	int rc = query_ask(p, item, &rows, err);

	if (rc == 0)
		sample_add(set, &metrics[AGE], pg_rows_age(rows), LABELS({"query", item->name}));
	if (rc == 0)
		rc = query_add(p->arena, item, rows, set, err);
	sample_add(set, &metrics[SUCCESS], rc == 0, LABELS({"query", item->name}));
	sample_add(set, &metrics[DURATION], seconds(p->kernel) - start, LABELS({"query", item->name}));
	return rc == 0 ? 0 : err_wrap(err, "%s", item->name);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct attachments *all = p->config;
	struct err later;
	int result = 0;

	for (size_t i = 0; i < all->n; i++)
		if (run(p, &all->items[i], set, result ? &later : err) < 0)
			result = -1;
	return result;
}

const struct collector collector_sql_queries = {
	.name = "queries",
	.help = "The queries that the settings declare below sql.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
