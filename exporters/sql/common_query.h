/* A metric that the settings declare by a query: asking it, and its rows as samples.
 *
 * Settings live as long as the target; rows and samples are in the probe's arena (or the client's, where a reply is
 * kept). Called on the lane's thread. */
#pragma once

#include "collect/collector.h"
#include "net/pg.h"

enum query_type { QUERY_GAUGE, QUERY_COUNTER, QUERY_HISTOGRAM };

struct query {
	struct ref_list target; /* the first, because the settings look for it there */
	const char *help, *sql, *value;
	int type; /* enum query_type */
	struct string_list labels, values;
	struct string_map buckets; /* column: upper bound */
	int64_t min_interval, timeout, max_series;
};

/* Whether the settings make sense; in words what to change where they do not. */
MUST_CHECK int query_check(const struct attachment *all, size_t i, struct err *err);

MUST_CHECK int query_ask(struct probe *p, const struct attachment *item, const struct pg_rows **rows, struct err *err);

/* Adds all samples of the rows, or none: the error names the row. */
MUST_CHECK int query_add(struct arena *a, const struct attachment *item, const struct pg_rows *rows,
                         struct sample_set *set, struct err *err);
