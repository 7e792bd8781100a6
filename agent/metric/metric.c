#include "metric/metric.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "base/utf8.h"

enum {
	TABLE_FIRST = 64,
	BLOCK_FIRST = 4,
	BLOCK_MAX = 256,
};

static const char *const type_names[] = {
	[METRIC_GAUGE] = "gauge",         [METRIC_COUNTER] = "counter", [METRIC_UNTYPED] = "untyped",
	[METRIC_HISTOGRAM] = "histogram", [METRIC_SUMMARY] = "summary",
};

const char *metric_type_name(enum metric_type type)
{
	return type_names[type];
}

/* An escaped byte takes two, a broken one the three of U+FFFD. */
static size_t rendered_max(const struct label *labels, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += strlen(labels[i].name) + 3 * strlen(labels[i].value) + sizeof(",=\"\"");
	return size;
}

static char *render_escape(char *out, unsigned char c)
{
	*out++ = '\\';
	*out++ = c == '\n' ? 'n' : (char)c;
	return out;
}

static char *render_value(char *out, const char *s)
{
	const char *end = s + strlen(s);

	while (s < end) {
		unsigned char c = (unsigned char)*s;
		size_t n = c < 0x80 ? 1 : utf8_len(s, end);

		if (c == '\\' || c == '"' || c == '\n') {
			out = render_escape(out, c);
		} else if (n) {
			memcpy(out, s, n);
			out += n;
		} else {
			memcpy(out, UTF8_REPLACEMENT, 3);
			out += 3;
		}
		s += n ? n : 1;
	}
	return out;
}

static char *render_labels(char *out, const struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(labels[i].name);

		if (i)
			*out++ = ',';
		memcpy(out, labels[i].name, len);
		out += len;
		*out++ = '=';
		*out++ = '"';
		out = render_value(out, labels[i].value);
		*out++ = '"';
	}
	return out;
}

/* Labels, then what all samples of the set share. */
static void render(struct sample_set *set, struct sample *sample, const struct label *labels, size_t n)
{
	size_t max = rendered_max(labels, n) + set->common_len + 1;
	char *text, *end;

	if (!n) {
		sample->labels = set->common;
		sample->labels_len = (uint32_t)set->common_len;
		return;
	}
	text = arena_alloc(set->arena, max);
	end = render_labels(text, labels, n);
	if (set->common_len) {
		*end++ = ',';
		memcpy(end, set->common, set->common_len);
		end += set->common_len;
	}
	sample->labels = text;
	sample->labels_len = (uint32_t)(end - text);
	arena_trim(set->arena, text, max, sample->labels_len);
}

void sample_set_init(struct sample_set *set, struct arena *arena, const char *target)
{
	struct label label = {"target", target};
	char *text;

	*set = (struct sample_set){.arena = arena, .common = ""};
	set->table_size = TABLE_FIRST;
	set->table = ARENA_ARRAY(arena, struct family *, TABLE_FIRST);
	if (!target)
		return;
	text = arena_alloc(arena, rendered_max(&label, 1));
	set->common = text;
	set->common_len = (size_t)(render_labels(text, &label, 1) - text);
}

static size_t slot_of(struct family *const *table, size_t size, const struct metric_desc *desc)
{
	size_t i = (size_t)((uintptr_t)desc * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (size - 1);

	while (table[i] && table[i]->desc != desc)
		i = (i + 1) & (size - 1);
	return i;
}

static void grow_table(struct sample_set *set)
{
	size_t size = set->table_size * 2;
	struct family **table = ARENA_ARRAY(set->arena, struct family *, size);

	for (struct family *f = set->first; f; f = f->next)
		table[slot_of(table, size, f->desc)] = f;
	set->table = table;
	set->table_size = size;
}

static struct family *family_of(struct sample_set *set, const struct metric_desc *desc)
{
	size_t slot = slot_of(set->table, set->table_size, desc);
	struct family *f = set->table[slot];

	if (f)
		return f;
	f = ARENA_NEW(set->arena, struct family);
	f->desc = desc;
	if (set->last)
		set->last->next = f;
	else
		set->first = f;
	set->last = f;
	set->table[slot] = f;
	if (++set->families * 2 > set->table_size)
		grow_table(set);
	return f;
}

static struct sample *next_sample(struct arena *arena, struct family *f)
{
	struct sample_block *block = f->last;
	uint32_t size;

	if (block && block->used < block->size)
		return &block->items[block->used++];
	size = !block ? BLOCK_FIRST : block->size < BLOCK_MAX ? block->size * 2 : BLOCK_MAX;
	block = arena_alloc(arena, sizeof(*block) + size * sizeof(block->items[0]));
	block->next = NULL;
	block->used = 1;
	block->size = size;
	if (f->last)
		f->last->next = block;
	else
		f->first = block;
	f->last = block;
	return &block->items[0];
}

struct sample *sample_add_part(struct sample_set *set, const struct metric_desc *desc, enum sample_suffix suffix,
                               double value, const struct label *labels, size_t n_labels)
{
	struct family *f = family_of(set, desc);
	struct sample *sample = next_sample(set->arena, f);

	assert(!desc->pattern);
	sample->value = value;
	sample->suffix = suffix;
	render(set, sample, labels, n_labels);
	set->latest = sample->labels;
	set->latest_len = sample->labels_len;
	f->count++;
	set->count++;
	return sample;
}

void sample_add_same(struct sample_set *set, const struct metric_desc *desc, double value)
{
	struct family *f = family_of(set, desc);

	assert(set->latest && !desc->pattern);
	*next_sample(set->arena, f) =
		(struct sample){.value = value, .labels = set->latest, .labels_len = set->latest_len};
	f->count++;
	set->count++;
}

void sample_add(struct sample_set *set, const struct metric_desc *desc, double value, const struct label *labels,
                size_t n_labels)
{
	sample_add_part(set, desc, SUFFIX_NONE, value, labels, n_labels);
}

void sample_set_take(struct sample_set *set, const struct metric_desc *desc, const struct family *from)
{
	struct family *f = family_of(set, desc);

	if (!from->first)
		return;
	if (f->last)
		f->last->next = from->first;
	else
		f->first = from->first;
	f->last = from->last;
	f->count += from->count;
	set->count += from->count;
}

static bool name_byte(char c, bool first)
{
	return isalpha((unsigned char)c) || c == '_' || (!first && isdigit((unsigned char)c));
}

bool metric_name_valid(const char *name)
{
	for (size_t i = 0; name[i]; i++)
		if (!name_byte(name[i], i == 0) && name[i] != ':')
			return false;
	return *name != '\0';
}

bool label_name_valid(const char *name)
{
	return metric_name_valid(name) && !strchr(name, ':');
}

/* What is no UTF-8 becomes U+FFFD: Prometheus refuses a whole scrape for one such byte. */
static const char *clean_text(struct arena *a, const char *s)
{
	size_t len = strlen(s);
	const char *end = s + len;
	char *out, *p;

	if (utf8_valid(s, len))
		return arena_strdup(a, s);
	p = out = arena_alloc(a, 3 * len + 1);
	while (s < end) {
		size_t n = utf8_len(s, end);

		memcpy(p, n ? s : UTF8_REPLACEMENT, n ? n : 3);
		p += n ? n : 3;
		s += n ? n : 1;
	}
	*p = '\0';
	return out;
}

const struct metric_desc *metric_desc_new(struct arena *a, const char *name, enum metric_type type, const char *help)
{
	struct metric_desc *desc = ARENA_NEW(a, struct metric_desc);
	char *clean = arena_strdup(a, *name ? name : "_");

	for (size_t i = 0; clean[i]; i++)
		if (!name_byte(clean[i], i == 0) && clean[i] != ':')
			clean[i] = '_';
	desc->name = clean;
	desc->help = clean_text(a, help);
	desc->type = type;
	return desc;
}
