/* One exposition on its way: rules, then the cap of each family.
 *
 * A family over its cap is remembered with the series that were passed on: they come first in the next collection, and
 * a newcomer takes a place only once one of them was gone for a collection. */
#include <stdlib.h>

#include "collect/series_rules_inside.h"

struct remembered {
	uint64_t left_out;
	uint64_t series[SERIES_CAP_MAX]; /* hashes, in order */
};

_Static_assert(sizeof(struct remembered) <= MEMO_MAX_BYTES, "a family over its cap can be remembered");

struct passing_family {
	struct passing_family *next;
	const struct metric_desc *desc;
	const char *key;   /* in the memo */
	uint64_t matching; /* rules that take its name */
	uint64_t left_out;
	const uint64_t *known; /* those of the collection before, in order */
	size_t n_known, n_new;
	uint64_t *table; /* hashes of those passed on; 0 is free */
	size_t size, used;
};

static void recall(struct series_passage *p, struct passing_family *f)
{
	size_t len;
	const struct remembered *r = memo_find(p->memo, f->key, &len);

	if (!r)
		return;
	f->left_out = r->left_out;
	f->known = r->series;
	f->n_known = len / sizeof(uint64_t) - 1;
}

/* Several texts may bring series of one family. */
static struct passing_family *family_of(struct series_passage *p, const struct promtext_sample *s)
{
	struct passing_family *f = *s->kept;

	if (f)
		return f;
	f = p->first;
	while (f && strcmp(f->desc->name, s->family->name) != 0)
		f = f->next;
	*s->kept = f;
	if (f)
		return f;
	f = ARENA_NEW(p->arena, struct passing_family);
	f->desc = s->family;
	f->key = arena_printf(p->arena, "cap %s", s->family->name);
	f->matching = series_rules_for_name(p->rules, s->family->name);
	recall(p, f);
	f->next = p->first;
	p->first = f;
	*s->kept = f;
	return f;
}

static uint64_t hash_more(uint64_t hash, const char *s)
{
	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211);
}

/* All parts of a histogram or summary are one. */
static uint64_t hash_series(const struct promtext_sample *s)
{
	bool parts = s->family->type == METRIC_HISTOGRAM || s->family->type == METRIC_SUMMARY;
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < s->n; i++)
		if (!parts || (strcmp(s->labels[i].name, "le") != 0 && strcmp(s->labels[i].name, "quantile") != 0))
			hash = hash_more(hash_more(hash, s->labels[i].name), s->labels[i].value);
	return hash ? hash : 1;
}

static uint64_t *slot_of(uint64_t *table, size_t size, uint64_t hash)
{
	size_t i = (size_t)(hash >> 20) & (size - 1);

	while (table[i] && table[i] != hash)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static void grow(struct passing_family *f, struct arena *a)
{
	size_t size = f->size ? f->size * 2 : 16;
	uint64_t *table = ARENA_ARRAY(a, uint64_t, size);

	for (size_t i = 0; i < f->size; i++)
		if (f->table[i])
			*slot_of(table, size, f->table[i]) = f->table[i];
	f->table = table;
	f->size = size;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool has_place(const struct series_passage *p, struct passing_family *f, uint64_t hash)
{
	if (f->n_known && bsearch(&hash, f->known, f->n_known, sizeof(hash), by_value))
		return true;
	if (f->n_known + f->n_new >= (size_t)p->rules->max_series)
		return false;
	f->n_new++;
	return true;
}

static bool admit(void *passage, struct promtext_sample *s)
{
	struct series_passage *p = passage;
	struct passing_family *f = family_of(p, s);
	uint64_t hash, *slot;

	if (!series_rules_apply(p->rules, f->matching, p->arena, s))
		return false;
	if (f->used * 2 >= f->size)
		grow(f, p->arena);
	hash = hash_series(s);
	slot = slot_of(f->table, f->size, hash);
	if (*slot)
		return true;
	if (!has_place(p, f, hash)) {
		f->left_out++;
		return false;
	}
	*slot = hash;
	f->used++;
	return true;
}

void series_passage_begin(struct series_passage *p, const struct series_rules *rules, struct memo *memo,
                          struct promtext *reader)
{
	*p = (struct series_passage){.rules = rules, .arena = reader->arena, .memo = memo};
	reader->admit = admit;
	reader->admit_arg = p;
	reader->changes_labels = series_rules_change_labels(rules);
}

/* Also where nothing is left out any more: what was counted stays. */
static void remember(struct series_passage *p, const struct passing_family *f)
{
	struct remembered *r = arena_alloc(p->arena, sizeof(*r));
	size_t n = 0;

	r->left_out = f->left_out;
	for (size_t i = 0; i < f->size && n < SERIES_CAP_MAX; i++)
		if (f->table[i])
			r->series[n++] = f->table[i];
	qsort(r->series, n, sizeof(r->series[0]), by_value);
	memo_put(p->memo, f->key, r, (1 + n) * sizeof(uint64_t));
}

void series_passage_end(struct series_passage *p, const struct metric_desc *desc, struct sample_set *set)
{
	for (const struct passing_family *f = p->first; f; f = f->next) {
		if (!f->left_out)
			continue;
		remember(p, f);
		sample_add(set, desc, (double)f->left_out, LABELS({"family", f->desc->name}));
	}
}
