/* Counters, gauges and histograms out of lines: [{name: app_pool_errors_total, type: counter, match: PoolError}].
 *
 * The values are the source's: all its files count together. Scrapes read them under a lock that nothing waits in. */
#include <pthread.h>

#include "base/buf.h"
#include "base/num.h"
#include "config/regex.h"
#include "logs/stage.h"

enum { LABELS_MAX = 8, BUCKETS_MAX = 32 };

enum { TYPE_COUNTER, TYPE_GAUGE, TYPE_HISTOGRAM };
enum { ACTION_INC, ACTION_ADD, ACTION_SET, ACTION_DEC };

struct config {
	const char *name, *help, *source, *value;
	int type, action;
	const struct regex *match;
	struct string_list labels, buckets;
	int64_t max_series;
};

struct series {
	struct series *next;
	const char *values[LABELS_MAX];
	double value; /* the sum of a histogram */
	uint64_t count, buckets[BUCKETS_MAX];
};

struct metric {
	const struct config *config;
	double bounds[BUCKETS_MAX];
	size_t n_bounds, n_series;
	struct series *series;
};

struct plan {
	pthread_mutex_t lock;
	struct arena *arena; /* of the source: series last as long as it */
	struct metric *metrics;
	size_t n;
};

static const char *const types[] = {"counter", "gauge", "histogram", NULL};
static const char *const actions[] = {"inc", "add", "set", "dec", NULL};

static const struct field rows[] = {
	{.name = "name",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct config, name, const char *),
         .required = true,
         .help = "The family; a counter ends in _total."},
	F_ENUM(struct config, type, "counter", "What it is.", types),
	F_STRING(struct config, help, "Made from log lines.", "What it says, in a sentence."),
	F_REGEX(struct config, match, NULL, "The lines that count; without, all do."),
	F_STRING(struct config, source, NULL, "The extracted value that must be there; what `add` and `set` take."),
	F_STRING(struct config, value, NULL, "What the source must be, exactly."),
	F_ENUM(struct config, action, "inc", "What happens to a counter or gauge; a histogram observes its source.",
               actions),
	F_STRINGS(struct config, labels, NULL, "Extracted values or labels to tell series apart by."),
	F_STRINGS(struct config, buckets,
                  "['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10']",
                  "The upper bounds of a histogram's buckets, growing."),
	F_INT(struct config, max_series, "100", "The most series; what would be one more is counted and left out.", 1,
              10000),
	{0},
};

static int parse_bounds(struct metric *m, struct err *err)
{
	const struct string_list *texts = &m->config->buckets;

	for (size_t i = 0; i < texts->n && i < BUCKETS_MAX; i++) {
		double *bound = &m->bounds[m->n_bounds++];

		if (!num_parse_double(texts->items[i], strlen(texts->items[i]), bound) || (i && *bound <= bound[-1]))
			return err_set(err, "%s: bucket %zu is no number above the one before; write [0.1, 1, 10]",
			               m->config->name, i + 1);
	}
	if (!texts->n || texts->n > BUCKETS_MAX)
		return err_set(err, "%s: %zu buckets; write 1 to %d", m->config->name, texts->n, BUCKETS_MAX);
	return 0;
}

static int check(const struct config *c, struct err *err)
{
	size_t n = strlen(c->name);
	bool total = n > 6 && !strcmp(c->name + n - 6, "_total");

	if (!metric_name_valid(c->name))
		return err_set(err, "%s is no name of a metric; use letters, digits, _ and :", c->name);
	if (!strncmp(c->name, "vedette_", 8))
		return err_set(err, "%s could be mistaken for one of the agent's own; write another prefix", c->name);
	if (total != (c->type == TYPE_COUNTER))
		return err_set(err, "%s: a counter, and nothing else, ends in _total; write %s", c->name,
		               c->type == TYPE_COUNTER ? "it at the end" : "it without");
	if (c->type == TYPE_COUNTER && c->action > ACTION_ADD)
		return err_set(err, "%s: a counter only grows; write inc or add, or type: gauge", c->name);
	if ((c->type == TYPE_HISTOGRAM || c->action == ACTION_ADD || c->action == ACTION_SET) && !c->source)
		return err_set(err, "%s needs the value to take; write source: its extracted name", c->name);
	if (c->value && !c->source)
		return err_set(err, "%s: value needs the source that it is the value of; write source", c->name);
	if (c->labels.n > LABELS_MAX)
		return err_set(err, "%s has %zu labels; write at most %d", c->name, c->labels.n, LABELS_MAX);
	for (size_t i = 0; i < c->labels.n; i++)
		if (!label_name_valid(c->labels.items[i]))
			return err_set(err, "%s: label %zu is no name; use letters, digits and _", c->name, i + 1);
	return 0;
}

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct list *list = settings;
	const struct config *configs = list->items;
	struct plan *p = ARENA_NEW(a, struct plan);

	pthread_mutex_init(&p->lock, NULL);
	p->arena = a;
	p->metrics = ARENA_ARRAY(a, struct metric, list->n);
	for (; p->n < list->n; p->n++) {
		struct metric *m = &p->metrics[p->n];

		m->config = &configs[p->n];
		if (check(m->config, err) < 0 || (m->config->type == TYPE_HISTOGRAM && parse_bounds(m, err) < 0))
			return -1;
	}
	*out = p;
	return 0;
}

static struct span label_of(const struct log_entry *e, const char *name)
{
	const struct span *value = log_pairs_find(&e->extracted, span_of(name));

	if (!value)
		value = log_pairs_find(&e->labels, span_of(name));
	return value ? *value : SPAN("");
}

static bool is_series(const struct metric *m, const struct series *series, const struct span *values)
{
	for (size_t i = 0; i < m->config->labels.n; i++)
		if (!span_eq(values[i], series->values[i]))
			return false;
	return true;
}

static struct series *series_of(struct stage *s, struct metric *m, const struct log_entry *e)
{
	const struct plan *p = s->plan;
	struct span values[LABELS_MAX];
	struct series **at = &m->series;

	for (size_t i = 0; i < m->config->labels.n; i++)
		values[i] = label_of(e, m->config->labels.items[i]);
	while (*at && !is_series(m, *at, values))
		at = &(*at)->next;
	if (*at)
		return *at;
	if (m->n_series >= (size_t)m->config->max_series) {
		stage_fail(s, "too many series");
		return NULL;
	}
	m->n_series++;
	*at = ARENA_NEW(p->arena, struct series);
	for (size_t i = 0; i < m->config->labels.n; i++)
		(*at)->values[i] = arena_strndup(p->arena, values[i].s, values[i].len);
	return *at;
}

static void observe(const struct metric *m, struct series *series, double v)
{
	for (size_t i = 0; i < m->n_bounds; i++)
		series->buckets[i] += v <= m->bounds[i];
	series->count++;
	series->value += v;
}

static void act(struct stage *s, const struct metric *m, struct series *series, const struct span *source)
{
	const struct config *c = m->config;
	double v = 1;

	if (c->type == TYPE_HISTOGRAM || c->action == ACTION_ADD || c->action == ACTION_SET) {
		bool number = source && num_parse_double(source->s, source->len, &v);

		if (!number || (c->type == TYPE_COUNTER && !(v >= 0))) {
			stage_fail(s, "no number");
			return;
		}
	}
	if (c->type == TYPE_HISTOGRAM)
		observe(m, series, v);
	else if (c->action == ACTION_SET)
		series->value = v;
	else
		series->value += c->action == ACTION_DEC ? -v : v;
}

static bool counts(struct stage *s, const struct config *c, const struct log_entry *e, const struct span **source)
{
	struct span groups[REGEX_MAX_GROUPS];
	enum regex_result found;

	*source = c->source ? log_pairs_find(&e->extracted, span_of(c->source)) : NULL;
	if (c->source && (!*source || (c->value && !span_eq(**source, c->value))))
		return false;
	if (!c->match)
		return true;
	found = regex_find(c->match, e->line, 0, groups);
	if (found == REGEX_LIMIT)
		stage_fail(s, "match limit");
	return found == REGEX_MATCH;
}

/* The plan's memory is the source's, which is not const while it runs. */
static struct plan *mutable_plan(const void *plan)
{
	union {
		const void *in;
		struct plan *out;
	} p = {plan};

	return p.out;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	struct plan *p = mutable_plan(s->plan);

	for (size_t i = 0; i < p->n; i++) {
		const struct span *source;
		struct series *series;

		if (!counts(s, p->metrics[i].config, e, &source))
			continue;
		pthread_mutex_lock(&p->lock);
		series = series_of(s, &p->metrics[i], e);
		if (series)
			act(s, &p->metrics[i], series, source);
		pthread_mutex_unlock(&p->lock);
	}
	return STAGE_NEXT;
}

static void add_histogram(struct sample_set *set, const struct metric_desc *desc, const struct metric *m,
                          const struct series *series, struct label *labels, size_t n)
{
	char bound[NUM_MAX];

	for (size_t i = 0; i <= m->n_bounds; i++) {
		bool last = i == m->n_bounds;

		bound[last ? 0 : num_format(m->bounds[i], bound)] = '\0';
		labels[n] = (struct label){"le", last ? "+Inf" : bound};
		sample_add_part(set, desc, SUFFIX_BUCKET, (double)(last ? series->count : series->buckets[i]), labels,
		                n + 1);
	}
	sample_add_part(set, desc, SUFFIX_SUM, series->value, labels, n);
	sample_add_part(set, desc, SUFFIX_COUNT, (double)series->count, labels, n);
}

static void collect_metric(const struct metric *m, struct sample_set *set)
{
	static const enum metric_type as[] = {METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM};
	const struct config *c = m->config;
	const struct metric_desc *desc = metric_desc_new(set->arena, c->name, as[c->type], c->help);
	struct label labels[LABELS_MAX + 1];

	/* a counter that has no labels is there from the beginning, so that its first line is an increase */
	if (!m->series && !c->labels.n && c->type == TYPE_COUNTER)
		sample_add(set, desc, 0, NO_LABELS);
	for (const struct series *s = m->series; s; s = s->next) {
		for (size_t i = 0; i < c->labels.n; i++)
			labels[i] = (struct label){c->labels.items[i], s->values[i]};
		if (c->type == TYPE_HISTOGRAM)
			add_histogram(set, desc, m, s, labels, c->labels.n);
		else
			sample_add(set, desc, s->value, labels, c->labels.n);
	}
}

static void collect(const void *plan, struct sample_set *set)
{
	struct plan *p = mutable_plan(plan);

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n; i++)
		collect_metric(&p->metrics[i], set);
	pthread_mutex_unlock(&p->lock);
}

const struct stage_kind stage_metrics = {
	.settings = {.name = "metrics",
                     .type = FIELD_LIST,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Counts lines and measures values; the families appear among the agent's metrics."},
	.prepare = prepare,
	.run = run,
	.collect = collect,
};
