#include "metric/exposition.h"

#include "base/hash.h"
#include "base/num.h"

/* All families of one name, in the order they came. */
struct merged {
	const struct family *family;
	struct merged *same; /* the next family of this name */
	struct merged *last_same;
	uint32_t hash;
};

struct merge {
	struct merged *items; /* one per name, in order */
	size_t n;
	uint32_t *table; /* index + 1 into items */
	size_t table_size;
	size_t conflicts;
};

static const char *const suffixes[] = {
	[SUFFIX_NONE] = "", [SUFFIX_BUCKET] = "_bucket", [SUFFIX_SUM] = "_sum", [SUFFIX_COUNT] = "_count"};

const char *exposition_content_type(enum exposition_format format, bool escaping)
{
	if (format == EXPOSITION_OPENMETRICS)
		return escaping ? "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
		                : "application/openmetrics-text; version=1.0.0; charset=utf-8";
	return escaping ? "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
	                : "text/plain; version=0.0.4; charset=utf-8";
}

static void merge_init(struct merge *m, struct arena *a, const struct sample_set *const *sets, size_t n_sets)
{
	size_t families = 0;

	for (size_t i = 0; i < n_sets; i++)
		families += sets[i]->families;
	*m = (struct merge){.table_size = 64};
	while (m->table_size < families * 2)
		m->table_size *= 2;
	m->table = ARENA_ARRAY(a, uint32_t, m->table_size);
	m->items = ARENA_ARRAY(a, struct merged, families + 1);
}

static void merge_into(struct merge *m, struct arena *a, struct merged *first, const struct family *f)
{
	struct merged *more;

	if (first->family->desc->type != f->desc->type) {
		m->conflicts++;
		return;
	}
	more = ARENA_NEW(a, struct merged);
	more->family = f;
	first->last_same->same = more;
	first->last_same = more;
}

/* Where the family of that name is, or the free place for it: an index + 1 into items, or 0. */
static uint32_t *place_of(const struct merge *m, const char *name, uint32_t hash)
{
	size_t i = hash & (m->table_size - 1);

	for (; m->table[i]; i = (i + 1) & (m->table_size - 1)) {
		const struct merged *item = &m->items[m->table[i] - 1];

		if (item->hash == hash && !strcmp(item->family->desc->name, name))
			break;
	}
	return &m->table[i];
}

static void merge_add(struct merge *m, struct arena *a, const struct family *f)
{
	uint32_t hash = hash_text(f->desc->name);
	uint32_t *place = place_of(m, f->desc->name, hash);
	struct merged *item;

	if (*place) {
		merge_into(m, a, &m->items[*place - 1], f);
		return;
	}
	item = &m->items[m->n++];
	*item = (struct merged){.family = f, .hash = hash, .last_same = item};
	*place = (uint32_t)m->n;
}

static bool ends_with_total(const char *name, size_t len)
{
	return len > 6 && !memcmp(name + len - 6, "_total", 6);
}

static char *put(char *p, const char *s, size_t n)
{
	memcpy(p, s, n);
	return p + n;
}

/* Room for twice its length: each byte may need a backslash. */
static char *put_help(char *p, const char *help, size_t len, bool quotes_too)
{
	for (const char *end = help + len; help < end; help++) {
		if (*help == '\\' || *help == '\n' || (quotes_too && *help == '"'))
			*p++ = '\\';
		*p++ = *help == '\n' ? 'n' : *help;
	}
	return p;
}

/* Whether a counter is called without its _total in OpenMetrics: not where another family has that name, as
 * Go's memory statistics do. */
static bool loses_total(const struct merge *m, struct arena *a, const struct metric_desc *desc)
{
	size_t len = strlen(desc->name);
	const char *name;

	if (desc->type != METRIC_COUNTER || !ends_with_total(desc->name, len))
		return false;
	name = arena_strndup(a, desc->name, len - 6);
	return !*place_of(m, name, hash_text(name));
}

/* One reservation per header: most families have but one sample. */
static void write_header(struct buf *out, bool om, bool without_total, const struct metric_desc *desc)
{
	size_t len = strlen(desc->name), help_len = strlen(desc->help);
	const char *type = metric_type_name(desc->type);
	char *start = buf_room(out, 2 * (len + help_len) + sizeof("# HELP  \n# TYPE  histogram\n")), *p = start;

	if (!p)
		return;
	if (without_total)
		len -= 6;
	else if (om && (desc->type == METRIC_COUNTER || desc->type == METRIC_UNTYPED))
		type = "unknown";
	p = put(p, "# HELP ", 7);
	p = put(p, desc->name, len);
	*p++ = ' ';
	p = put_help(p, desc->help, help_len, om);
	p = put(p, "\n# TYPE ", 8);
	p = put(p, desc->name, len);
	*p++ = ' ';
	p = put(p, type, strlen(type));
	*p++ = '\n';
	out->len += (size_t)(p - start);
}

/* One reservation per sample: this is the hot loop. */
static void write_sample(struct buf *out, const char *name, size_t name_len, const struct sample *s)
{
	const char *suffix = suffixes[s->suffix];
	size_t suffix_len = s->suffix ? strlen(suffix) : 0;
	char *start = buf_room(out, name_len + suffix_len + s->labels_len + NUM_MAX + 8);
	char *p = start;

	if (!p)
		return;
	p = put(p, name, name_len);
	if (suffix_len)
		p = put(p, suffix, suffix_len);
	if (s->labels_len) {
		*p++ = '{';
		p = put(p, s->labels, s->labels_len);
		*p++ = '}';
	}
	*p++ = ' ';
	p += num_format(s->value, p);
	*p++ = '\n';
	out->len += (size_t)(p - start);
}

static void write_samples(struct buf *out, const struct family *f)
{
	size_t name_len = strlen(f->desc->name);

	for (const struct sample_block *b = f->first; b; b = b->next)
		for (uint32_t i = 0; i < b->used; i++)
			write_sample(out, f->desc->name, name_len, &b->items[i]);
}

size_t exposition_write(struct buf *out, enum exposition_format format, struct arena *scratch,
                        const struct sample_set *const *sets, size_t n_sets)
{
	bool om = format == EXPOSITION_OPENMETRICS;
	struct merge m;

	merge_init(&m, scratch, sets, n_sets);
	for (size_t i = 0; i < n_sets; i++)
		for (const struct family *f = sets[i]->first; f; f = f->next)
			merge_add(&m, scratch, f);
	for (size_t i = 0; i < m.n; i++) {
		const struct metric_desc *desc = m.items[i].family->desc;

		write_header(out, om, om && loses_total(&m, scratch, desc), desc);
		for (const struct merged *same = &m.items[i]; same; same = same->same)
			write_samples(out, same->family);
	}
	buf_puts(out, om ? "# EOF\n" : ""); /* which also ends the text, as a buf's does */
	return m.conflicts;
}
