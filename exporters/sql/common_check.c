/* What the table of settings cannot say about a query. */
#include "base/num.h"
#include "exporters/sql/common_query.h"

/* Whose metrics these are; the last two are Prometheus' own. */
static const char *const taken[] = {"node_",        "pg_",       "pgbouncer_", "vedette_", "db_pool_",
                                    "container_",   "machine_",  "probe_",     "process_", "minio_",
                                    "meilisearch_", "promhttp_", "scrape_",    "ALERTS"};

static bool listed_twice(const struct string_list *list, size_t i)
{
	struct string_list before = {list->items, i};

	return string_list_has(&before, list->items[i]);
}

static bool ends_with_total(const char *name)
{
	size_t len = strlen(name);

	return len > 6 && !strcmp(name + len - 6, "_total");
}

static int check_name(const char *name, struct err *err)
{
	if (!name)
		return err_set(err, "name: missing, but needed; it is the metric's");
	if (!metric_name_valid(name) || strchr(name, ':'))
		return err_set(err, "name: a metric's name is letters, digits and _, not beginning with a digit");
	for (size_t i = 0; i < ARRAY_LEN(taken); i++)
		if (!strncmp(name, taken[i], strlen(taken[i])))
			return err_set(err, "name: %s… is for others; begin it with a word of your business", taken[i]);
	return 0;
}

static int check_labels(const struct query *q, struct err *err)
{
	for (size_t i = 0; i < q->labels.n; i++) {
		const char *label = q->labels.items[i];

		if (!label_name_valid(label) || !strncmp(label, "__", 2))
			return err_set(err, "labels: %.60s is no label's name; call the column otherwise with AS",
			               label);
		if (!strcmp(label, "target") || !strcmp(label, "job") || !strcmp(label, "instance") ||
		    !strcmp(label, "le"))
			return err_set(err, "labels: %s is not yours to give; call the column otherwise with AS",
			               label);
		if (listed_twice(&q->labels, i))
			return err_set(err, "labels: %s is there twice", label);
	}
	return 0;
}

static int check_value(const char *name, const struct query *q, struct err *err)
{
	if (q->buckets.n)
		return err_set(err, "buckets: only a histogram has them; write type: histogram");
	if (!q->value == !q->values.n)
		return err_set(err, "write value: COLUMN, or values: [COLUMN, …], and not both");
	if (q->value && string_list_has(&q->labels, q->value))
		return err_set(err, "value: %.60s is a label already", q->value);
	if (q->value && q->type == QUERY_COUNTER && !ends_with_total(name))
		return err_set(err, "name: a counter's name ends with _total; write %.60s_total", name);
	for (size_t i = 0; i < q->values.n; i++) {
		const char *column = q->values.items[i];

		if (!label_name_valid(column))
			return err_set(err,
			               "values: %.60s cannot end a metric's name; call the column otherwise with AS",
			               column);
		if (string_list_has(&q->labels, column) || listed_twice(&q->values, i))
			return err_set(err, "values: %.60s is there twice, or is a label already", column);
		if (q->type == QUERY_COUNTER && !ends_with_total(column))
			return err_set(err, "values: a counter's name ends with _total; call the column %.60s_total",
			               column);
	}
	return 0;
}

static int check_buckets(const struct query *q, struct err *err)
{
	double before = 0, bound;

	if (q->value || q->values.n)
		return err_set(err, "a histogram has buckets, not value or values");
	if (!q->buckets.n)
		return err_set(err, "buckets: missing, but needed; write buckets: {le_60: 60, le_300: 300}");
	for (size_t i = 0; i < q->buckets.n; i++) {
		const struct string_pair *b = &q->buckets.items[i];

		if (!num_parse_double(b->value, strlen(b->value), &bound) || bound != bound || bound > 1e300)
			return err_set(
				err,
				"buckets: the bound of %.60s is no number; leave infinity out, it is the column count",
				b->key);
		if (i && bound <= before)
			return err_set(
				err,
				"buckets: write the bounds in ascending order; %.60s is not larger than the one before",
				b->key);
		if (string_list_has(&q->labels, b->key))
			return err_set(err, "buckets: %.60s is a label already", b->key);
		before = bound;
	}
	return 0;
}

/* The k-th name of a metric that the query makes; NULL: it has no more. */
static const char *metric_name(struct arena *a, const struct attachment *item, size_t k)
{
	const struct query *q = item->config;

	if (!q->values.n)
		return k ? NULL : item->name;
	return k < q->values.n ? arena_printf(a, "%s_%s", item->name, q->values.items[k]) : NULL;
}

static int check_others(const struct attachment *all, size_t i, struct err *err)
{
	struct arena a = {0};
	const char *mine, *theirs;
	int rc = 0;

	for (size_t k = 0; rc == 0 && (mine = metric_name(&a, &all[i], k)); k++)
		for (size_t other = 0; other < i; other++)
			for (size_t m = 0; (theirs = metric_name(&a, &all[other], m)); m++)
				if (!strcmp(mine, theirs))
					rc = err_set(err, "its metric %.100s is made by %.60s already", mine,
					             all[other].name);
	arena_fini(&a);
	return rc;
}

int query_check(const struct attachment *all, size_t i, struct err *err)
{
	const struct query *q = all[i].config;

	if (check_name(all[i].name, err) < 0 || check_labels(q, err) < 0)
		return -1;
	if (!*span_trim(span_of(q->sql)).s || !span_trim(span_of(q->sql)).len)
		return err_set(err, "query: empty; write a SELECT");
	if ((q->type == QUERY_HISTOGRAM ? check_buckets(q, err) : check_value(all[i].name, q, err)) < 0)
		return -1;
	return check_others(all, i, err);
}
