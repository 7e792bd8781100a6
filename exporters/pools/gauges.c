/* The pool view of one application, from its own metrics: series of several workers are added up.
 *
 * Connections keep the state that the metric's label `state` gives them. Without such a label they are active: what an
 * application counts is what is checked out. What it does not tell is absent. */
#include <math.h>
#include <string.h>

#include "collect/db_pool.h"
#include "exporters/pools/common_app_pool.h"

static const struct metric_desc metrics[] = {
	DB_POOL_METRICS,
	{"active_database_connections", "The application's own metric, as it is."},
	{"max_database_connections", "The application's own metric, as it is."},
	{0},
};

enum { PASSED_ON = DB_POOL_TIMEOUTS + 1, MAX_STATES = 32 };

struct state_sum {
	const char *state;
	double sum;
};

static const struct family *find(const struct sample_set *all, const char *name)
{
	const struct family *f = name ? all->first : NULL;

	while (f && strcmp(f->desc->name, name) != 0)
		f = f->next;
	return f;
}

/* Up to the quote that closes it, without its escapes. */
static const char *read_value(struct arena *a, struct span *rest)
{
	char *value = arena_alloc(a, rest->len + 1), *out = value;
	size_t i = 0;

	for (; i < rest->len && rest->s[i] != '"'; i++) {
		bool escaped = rest->s[i] == '\\' && i + 1 < rest->len;

		i += escaped;
		*out++ = escaped && rest->s[i] == 'n' ? '\n' : rest->s[i];
	}
	*out = '\0';
	i = i < rest->len ? i + 1 : i;
	*rest = (struct span){rest->s + i, rest->len - i};
	return value;
}

/* From labels as they are written: pid="7",state="idle" */
static const char *state_of(struct arena *a, const struct sample *s)
{
	struct span rest = {s->labels, s->labels_len}, name;

	while (rest.len && scan_until(&rest, '=', &name)) {
		const char *value;

		if (name.len && *name.s == ',')
			name = (struct span){name.s + 1, name.len - 1};
		if (rest.len)
			rest = (struct span){rest.s + 1, rest.len - 1}; /* the opening quote */
		value = read_value(a, &rest);
		if (span_eq(name, "state") && *value)
			return value;
	}
	return "active";
}

/* Each number of a family; what is not finite tells nothing. */
#define EACH_NUMBER(f, s)                                                                                              \
	for (const struct sample_block *b = (f)->first; b; b = b->next)                                                \
		for (const struct sample *s = b->items; s < b->items + b->used; s++)                                   \
			if (s->suffix == SUFFIX_NONE && isfinite(s->value))

static void add_sum(struct probe *p, const struct sample_set *all, const char *name, enum db_pool_metric metric,
                    struct sample_set *set)
{
	const struct family *f = find(all, name);
	double sum = 0;
	bool any = false;

	if (!f)
		return;
	EACH_NUMBER(f, s)
	{
		sum += s->value;
		any = true;
	}
	if (any)
		sample_add(set, &metrics[metric], sum, LABELS({"pool", p->name}));
}

static int add_connections(struct probe *p, const struct sample_set *all, const char *name, struct sample_set *set,
                           struct err *err)
{
	const struct family *f = find(all, name);
	struct state_sum sums[MAX_STATES];
	size_t n = 0;

	if (!f)
		return 0;
	EACH_NUMBER(f, s)
	{
		const char *state = state_of(p->arena, s);
		size_t i = 0;

		while (i < n && strcmp(sums[i].state, state) != 0)
			i++;
		if (i == MAX_STATES)
			return err_set(err, "%.80s: more than %d states", name, MAX_STATES);
		if (i == n)
			sums[n++] = (struct state_sum){state, 0};
		sums[i].sum += s->value;
	}
	for (size_t i = 0; i < n; i++)
		sample_add(set, &metrics[DB_POOL_CONNECTIONS], sums[i].sum,
		           LABELS({"pool", p->name}, {"state", sums[i].state}));
	return 0;
}

/* Rules are written with these names; a relay that is in /metrics has them there already. */
static void pass_on(const struct sample_set *all, const struct app_pool *pool, struct sample_set *set)
{
	const char *const names[] = {pool->connections, pool->max};

	for (const struct metric_desc *d = &metrics[PASSED_ON]; d->name; d++)
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (names[i] && !strcmp(names[i], d->name) && find(all, d->name))
				sample_set_take(set, d, find(all, d->name));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct app_pool *pool = p->target;
	const struct relay_options *relay = pool->relay.config;
	struct sample_set all;

	sample_set_init(&all, p->arena, NULL);
	all.common = set->common;
	all.common_len = set->common_len;
	if (relay_read(p, relay, &relay_everything, NULL, &all, err) < 0 ||
	    add_connections(p, &all, pool->connections, set, err) < 0)
		return -1;
	add_sum(p, &all, pool->max, DB_POOL_MAX_CONNECTIONS, set);
	add_sum(p, &all, pool->waiting, DB_POOL_WAITING, set);
	add_sum(p, &all, pool->timeouts, DB_POOL_TIMEOUTS, set);
	if (!find(&all, pool->connections) && !find(&all, pool->max) && !find(&all, pool->waiting) &&
	    !find(&all, pool->timeouts))
		return err_set(err, "%s: holds none of the pool's metrics", relay->url);
	if (!relay->in_main)
		pass_on(&all, pool, set);
	return 0;
}

const struct collector collector_pools_gauges = {
	.name = "gauges",
	.help = "Connections, limit, waiting clients and time-outs of a pool, from the application's own metrics.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
