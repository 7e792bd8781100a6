/* Merged series as samples. */
#include <stdlib.h>

#include "exporters/multiprocess/common_merge.h"

struct telling {
	struct sample_set *set;
	struct arena *scratch;
	const struct metric_desc *desc;
};

static const struct metric_desc *desc_of(struct telling *t, const struct db_family *f)
{
	const char *name = f->item.text;

	if (f->type == METRIC_COUNTER)
		name = arena_printf(t->scratch, "%s_total", name);
	return metric_desc_new(t->set->arena, name, f->type, f->help);
}

static void add(struct telling *t, const struct db_family *f, enum sample_suffix suffix, double value,
                const struct label *labels, size_t n)
{
	if (!t->desc)
		t->desc = desc_of(t, f);
	sample_add_part(t->set, t->desc, suffix, value, labels, n);
}

/* The series' labels and one more, in order; returns their number. */
static size_t with_label(const struct series *s, const char *name, const char *value, struct label *out)
{
	size_t n = 0, i = 0;

	while (i < s->n_labels && strcmp(s->labels[i].name, name) < 0)
		out[n++] = s->labels[i++];
	out[n++] = (struct label){name, value};
	while (i < s->n_labels)
		out[n++] = s->labels[i++];
	return n;
}

static int by_bound(const void *a, const void *b)
{
	double x = (*(const struct series *const *)a)->bound, y = (*(const struct series *const *)b)->bound;

	return (x > y) - (x < y);
}

/* Workers count each bucket alone; told is the sum of all up to its bound, of which the last is the count. */
static void tell_buckets(struct telling *t, const struct series *group)
{
	const struct series **buckets = ARENA_ARRAY(t->scratch, const struct series *, group->n_buckets);
	struct label labels[MULTIPROCESS_MAX_LABELS + 1];
	size_t n = 0;
	double sum = 0;

	for (const struct series *s = group->buckets; s; s = s->next)
		if (s->seen)
			buckets[n++] = s;
	if (n > 1)
		qsort(buckets, n, sizeof(buckets[0]), by_bound);
	for (size_t i = 0; i < n; i++) {
		sum += buckets[i]->value;
		add(t, group->family, SUFFIX_BUCKET, sum, labels, with_label(group, "le", buckets[i]->le, labels));
	}
	if (group->sum && group->sum->seen)
		add(t, group->family, SUFFIX_SUM, group->sum->value, group->labels, group->n_labels);
	if (n > 0)
		add(t, group->family, SUFFIX_COUNT, sum, group->labels, group->n_labels);
	else if (group->count && group->count->seen)
		add(t, group->family, SUFFIX_COUNT, group->count->value, group->labels, group->n_labels);
}

static void tell_series(struct telling *t, const struct series *s)
{
	struct label labels[MULTIPROCESS_MAX_LABELS + 1];

	if (s->family->type == METRIC_HISTOGRAM) {
		tell_buckets(t, s);
		return;
	}
	for (const struct worker_value *w = s->workers; w; w = w->next)
		add(t, s->family, SUFFIX_NONE, w->value, labels, with_label(s, "pid", w->worker, labels));
	if (s->seen)
		add(t, s->family, s->suffix, s->value, s->labels, s->n_labels);
}

void merge_tell(struct merge *m, struct sample_set *set)
{
	for (const struct db_family *f = m->first; f; f = f->next) {
		struct telling t = {set, m->arena, NULL};

		for (const struct series *s = f->first; s; s = s->next)
			tell_series(&t, s);
	}
}
