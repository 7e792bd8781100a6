/* Which series a key stands for. */
#include <math.h>

#include "base/hash.h"
#include "base/num.h"
#include "exporters/multiprocess/common_merge.h"

static const char *const endings[] = {
	[SUFFIX_NONE] = "", [SUFFIX_BUCKET] = "_bucket", [SUFFIX_SUM] = "_sum", [SUFFIX_COUNT] = "_count"};

static struct db_family *family_of(struct merge *m, const struct db_file *file, const struct db_key *key)
{
	struct span name = span_of(key->metric);
	uint32_t hash = hash_bytes(name.s, name.len);
	struct db_family *f = table_find(&m->families, name, hash);

	if (f)
		return f->type == file->type ? f : NULL;
	f = ARENA_NEW(m->arena, struct db_family);
	f->item = (struct table_item){name.s, (uint32_t)name.len, hash};
	f->help = key->help ? key->help : "Multiprocess metric"; /* as the client said while it kept no help */
	f->type = file->type;
	f->mode = file->mode;
	f->settled = m->again;
	f->end = &f->first;
	table_add(&m->families, m->arena, &f->item);
	*m->end = f;
	m->end = &f->next;
	return f;
}

static bool ends_as(const struct db_key *key, const char *ending)
{
	size_t len = strlen(key->metric);

	return !strncmp(key->name, key->metric, len) && !strcmp(key->name + len, ending);
}

/* false: the sample's name is none that a metric of its type has. */
static bool suffix_of(const struct db_family *f, const struct db_key *key, enum sample_suffix *out)
{
	enum sample_suffix from = f->type == METRIC_HISTOGRAM ? SUFFIX_BUCKET : SUFFIX_SUM;

	*out = SUFFIX_NONE;
	if (f->type == METRIC_COUNTER)
		return ends_as(key, "_total");
	if (f->type == METRIC_GAUGE)
		return ends_as(key, "");
	for (*out = from; *out <= SUFFIX_COUNT; (*out)++)
		if (ends_as(key, endings[*out]))
			return true;
	return false;
}

static size_t put_text(char *out, const char *s)
{
	size_t len = strlen(s) + 1;

	memcpy(out, s, len);
	return len;
}

/* Family, suffix, labels that are not empty; a bucket's bound besides. */
static struct span identity(struct arena *a, const struct series *s)
{
	size_t size = sizeof(s->family) + 1 + sizeof(s->bound), n = 0;
	char *out;

	for (size_t i = 0; i < s->n_labels; i++)
		size += strlen(s->labels[i].name) + strlen(s->labels[i].value) + 2;
	out = arena_alloc(a, size);
	memcpy(out, &s->family, sizeof(s->family));
	n += sizeof(s->family);
	out[n++] = (char)s->suffix;
	memcpy(out + n, &s->bound, sizeof(s->bound));
	n += sizeof(s->bound);
	for (size_t i = 0; i < s->n_labels; i++) {
		if (!*s->labels[i].value)
			continue;
		n += put_text(out + n, s->labels[i].name);
		n += put_text(out + n, s->labels[i].value);
	}
	return (struct span){out, n};
}

/* The series that is like `wanted`; *made: it is new. */
static struct series *find_or_make(struct merge *m, const struct series *wanted, bool *made)
{
	struct span text = identity(m->arena, wanted);
	uint32_t hash = hash_bytes(text.s, text.len);
	struct series *s = table_find(&m->series, text, hash);

	*made = !s;
	if (s)
		return s;
	s = ARENA_NEW(m->arena, struct series);
	*s = *wanted;
	s->item = (struct table_item){text.s, (uint32_t)text.len, hash};
	table_add(&m->series, m->arena, &s->item);
	return s;
}

static struct series *of_family(struct merge *m, const struct series *wanted)
{
	bool made;
	struct series *s = find_or_make(m, wanted, &made);

	if (made) {
		*s->family->end = s;
		s->family->end = &s->next;
	}
	return s;
}

/* A histogram's series hang on what all with the same labels share. */
static struct series *of_histogram(struct merge *m, struct series *wanted)
{
	struct series whole = *wanted, *group, *s;
	bool made;

	whole.suffix = SUFFIX_NONE;
	whole.le = NULL;
	whole.bound = 0;
	group = of_family(m, &whole);
	s = find_or_make(m, wanted, &made);
	if (s->suffix == SUFFIX_SUM)
		group->sum = s;
	if (s->suffix == SUFFIX_COUNT)
		group->count = s;
	if (made && s->suffix == SUFFIX_BUCKET) {
		s->next = group->buckets;
		group->buckets = s;
		group->n_buckets++;
	}
	return s;
}

/* Takes one label out of the key's; NULL: it has none of that name. */
static const char *take_label(struct db_key *key, const char *name)
{
	for (size_t i = 0; i < key->n_labels; i++) {
		const char *value = key->labels[i].value;

		if (strcmp(key->labels[i].name, name) != 0)
			continue;
		key->n_labels--;
		memmove(&key->labels[i], &key->labels[i + 1], (key->n_labels - i) * sizeof(key->labels[0]));
		return value;
	}
	return NULL;
}

struct series *merge_series(struct merge *m, const struct db_file *file, const struct db_key *key)
{
	struct db_key rest = *key;
	struct series wanted = {.family = family_of(m, file, key)};

	if (!wanted.family || !suffix_of(wanted.family, key, &wanted.suffix))
		return NULL;
	if (file->type == METRIC_GAUGE) /* the client's own label, which it puts over one of the program's */
		take_label(&rest, "pid");
	if (file->type == METRIC_HISTOGRAM) {
		wanted.le = take_label(&rest, "le");
		if ((wanted.suffix == SUFFIX_BUCKET) != (wanted.le != NULL))
			return NULL;
	}
	if (wanted.le && (!num_parse_double(wanted.le, strlen(wanted.le), &wanted.bound) || isnan(wanted.bound)))
		return NULL;
	wanted.bound += 0.0; /* -0 is 0 */
	wanted.labels = rest.labels;
	wanted.n_labels = rest.n_labels;
	return file->type == METRIC_HISTOGRAM ? of_histogram(m, &wanted) : of_family(m, &wanted);
}
