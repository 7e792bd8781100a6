#include "metric/promtext.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/utf8.h"

enum { TABLE_FIRST = 64 };

#define FNV_START UINT64_C(14695981039346656037)

struct promtext_slot {
	uint64_t hash; /* 0: free */
	struct family_seen *family;
};

/* A family as one text has it. */
struct family_seen {
	struct metric_desc desc;
	bool helped, typed, sampled;
	size_t line; /* where it appeared first */
};

/* One text while it is read. */
struct text {
	struct promtext *reader;
	struct arena *arena;
	const char *name;
	size_t line;
	struct promtext_table families, series;
	struct sample_set set;
	struct err *err;
};

/* Labels of one sample, in one copy. */
struct labels {
	struct label items[PROMTEXT_MAX_LABELS];
	size_t n;
	const char *le, *quantile;
};

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * UINT64_C(1099511628211);
	return hash;
}

static uint64_t hash_text(uint64_t hash, const char *s)
{
	return hash_bytes(hash, s, strlen(s) + 1);
}

static struct promtext_slot *slot_of(const struct promtext_table *t, uint64_t hash, const char *name)
{
	size_t i = (size_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->size - 1);

	while (t->slots[i].hash &&
	       (t->slots[i].hash != hash || (name && strcmp(t->slots[i].family->desc.name, name) != 0)))
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static void grow(struct promtext_table *t, struct arena *a)
{
	struct promtext_table bigger = {.size = t->size ? t->size * 2 : TABLE_FIRST, .used = t->used};

	bigger.slots = ARENA_ARRAY(a, struct promtext_slot, bigger.size);
	for (size_t i = 0; i < t->size; i++) {
		const struct promtext_slot *s = &t->slots[i];

		if (s->hash)
			*slot_of(&bigger, s->hash, s->family ? s->family->desc.name : NULL) = *s;
	}
	*t = bigger;
}

/* Where the hash (of that name, where there is one) is, or the free slot for it. */
static struct promtext_slot *look_up(struct promtext_table *t, struct arena *a, uint64_t hash, const char *name)
{
	if (t->used * 2 >= t->size)
		grow(t, a);
	return slot_of(t, hash, name);
}

static void put(struct promtext_table *t, struct promtext_slot *slot, uint64_t hash, struct family_seen *family)
{
	slot->hash = hash;
	slot->family = family;
	t->used++;
}

static uint64_t never_zero(uint64_t hash)
{
	return hash ? hash : 1;
}

static int fault(const struct text *t, const char *what)
{
	return err_set(t->err, "%s:%zu: %s", t->name, t->line, what);
}

static int fault_of(const struct text *t, const char *family, const char *what)
{
	return err_set(t->err, "%s:%zu: %.80s %s", t->name, t->line, family, what);
}

static void skip_blanks(struct span *s)
{
	while (s->len && (*s->s == ' ' || *s->s == '\t')) {
		s->s++;
		s->len--;
	}
}

static bool name_byte(unsigned char c, bool first, bool colon)
{
	return isalpha(c) || c == '_' || (colon && c == ':') || (!first && isdigit(c));
}

static struct span scan_name(struct span *rest, bool colon)
{
	struct span name = {rest->s, 0};

	while (name.len < rest->len && name_byte((unsigned char)name.s[name.len], name.len == 0, colon))
		name.len++;
	rest->s += name.len;
	rest->len -= name.len;
	return name;
}

static struct family_seen *find_family(struct text *t, const char *name)
{
	return look_up(&t->families, t->arena, never_zero(hash_text(FNV_START, name)), name)->family;
}

static struct family_seen *get_family(struct text *t, const char *name)
{
	uint64_t hash = never_zero(hash_text(FNV_START, name));
	struct promtext_slot *slot = look_up(&t->families, t->arena, hash, name);
	struct family_seen *f = slot->family;

	if (f)
		return f;
	f = ARENA_NEW(t->arena, struct family_seen);
	f->desc = (struct metric_desc){.name = name, .help = "No help was given.", .type = METRIC_UNTYPED};
	f->line = t->line;
	put(&t->families, slot, hash, f);
	return f;
}

/* A quoted label value, or (until = '\0') the rest of a HELP line; without its escapes. */
static int unescape(struct text *t, struct span *rest, char until, const char **out)
{
	char *text = arena_alloc(t->arena, rest->len + 1);
	size_t n = 0, i = 0;

	for (; i < rest->len && (!until || rest->s[i] != until); i++) {
		char c = rest->s[i];

		if (c == '\\') {
			c = ++i < rest->len ? rest->s[i] : '\0';
			if (c != '\\' && c != 'n' && (!until || c != until))
				return fault(t, "a backslash comes before \\, n or (in labels) \" only");
			c = c == 'n' ? '\n' : c;
		}
		text[n++] = c;
	}
	if (until && i == rest->len)
		return fault(t, "the quote of a label's value is not closed");
	text[n] = '\0';
	arena_trim(t->arena, text, rest->len + 1, n + 1);
	*out = text;
	rest->s += i + (until ? 1 : 0);
	rest->len -= i + (until ? 1 : 0);
	return 0;
}

static int help_line(struct text *t, struct family_seen *f, struct span rest)
{
	if (f->helped)
		return fault_of(t, f->desc.name, "has a second HELP line");
	f->helped = true;
	return unescape(t, &rest, '\0', &f->desc.help);
}

static int type_line(struct text *t, struct family_seen *f, struct span rest)
{
	rest = span_trim(rest);
	if (f->typed)
		return fault_of(t, f->desc.name, "has a second TYPE line");
	if (f->sampled)
		return fault_of(t, f->desc.name, "has its TYPE line after its samples");
	f->typed = true;
	for (enum metric_type type = METRIC_GAUGE; type <= METRIC_SUMMARY; type++)
		if (span_eq(rest, metric_type_name(type))) {
			f->desc.type = type;
			return 0;
		}
	return fault_of(t, f->desc.name, "is of no known type: counter, gauge, histogram, summary or untyped");
}

static int comment(struct text *t, struct span rest)
{
	struct span word, name;
	bool help;

	skip_blanks(&rest);
	scan_field(&rest, &word);
	help = span_eq(word, "HELP");
	if (!help && !span_eq(word, "TYPE"))
		return 0;
	skip_blanks(&rest);
	name = scan_name(&rest, true);
	if (!name.len || (rest.len && *rest.s != ' ' && *rest.s != '\t'))
		return fault(t, "after HELP and TYPE comes the name of a metric");
	skip_blanks(&rest);
	if (help)
		return help_line(t, get_family(t, arena_strndup(t->arena, name.s, name.len)), rest);
	return type_line(t, get_family(t, arena_strndup(t->arena, name.s, name.len)), rest);
}

static int add_label(struct text *t, struct labels *labels, const char *name, const char *value)
{
	if (!strncmp(name, "__", 2))
		return fault(t, "names of labels that begin with __ are Prometheus' own");
	if (labels->n == PROMTEXT_MAX_LABELS)
		return fault(t, "more than 64 labels");
	if (t->set.common_len && !strcmp(name, "target"))
		name = "exported_target";
	for (size_t i = 0; i < labels->n; i++)
		if (!strcmp(labels->items[i].name, name))
			return err_set(t->err, "%s:%zu: label %.80s is there twice", t->name, t->line, name);
	labels->items[labels->n++] = (struct label){name, value};
	if (!strcmp(name, "le"))
		labels->le = value;
	if (!strcmp(name, "quantile"))
		labels->quantile = value;
	return 0;
}

static int scan_label(struct text *t, struct span *rest, struct labels *labels)
{
	struct span name = scan_name(rest, false);
	const char *value;

	skip_blanks(rest);
	if (!name.len || !rest->len || *rest->s != '=')
		return fault(t, "in braces come labels such as name=\"value\"");
	rest->s++;
	rest->len--;
	skip_blanks(rest);
	if (!rest->len || *rest->s != '"')
		return fault(t, "the value of a label is not in quotes");
	rest->s++;
	rest->len--;
	if (unescape(t, rest, '"', &value) < 0)
		return -1;
	return add_label(t, labels, arena_strndup(t->arena, name.s, name.len), value);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

/* After the opening brace, up to and with the closing one. */
static int scan_labels(struct text *t, struct span *rest, struct labels *labels)
{
	for (;;) {
		skip_blanks(rest);
		if (rest->len && *rest->s == '}')
			break;
		if (scan_label(t, rest, labels) < 0)
			return -1;
		skip_blanks(rest);
		if (rest->len && *rest->s == '}')
			break;
		if (!rest->len || *rest->s != ',')
			return fault(t, "between labels comes a comma, and after them a brace");
		rest->s++;
		rest->len--;
	}
	rest->s++;
	rest->len--;
	if (labels->n > 1)
		qsort(labels->items, labels->n, sizeof(labels->items[0]), by_name);
	return 0;
}

/* The family that a sample's name belongs to: foo_bucket to a histogram foo, foo_sum and foo_count to a summary too. */
static struct family_seen *family_of_sample(struct text *t, const char *name, enum sample_suffix *suffix)
{
	static const char *const endings[] = {
		[SUFFIX_BUCKET] = "_bucket", [SUFFIX_SUM] = "_sum", [SUFFIX_COUNT] = "_count"};
	struct family_seen *f = find_family(t, name);
	size_t len = strlen(name);

	*suffix = SUFFIX_NONE;
	for (enum sample_suffix s = SUFFIX_BUCKET; !f && s <= SUFFIX_COUNT; s++) {
		size_t end = strlen(endings[s]);
		struct family_seen *whole;

		if (len <= end || strcmp(name + len - end, endings[s]) != 0)
			continue;
		whole = find_family(t, arena_strndup(t->arena, name, len - end));
		if (!whole || (whole->desc.type != METRIC_HISTOGRAM &&
		               (whole->desc.type != METRIC_SUMMARY || s == SUFFIX_BUCKET)))
			continue;
		*suffix = s;
		return whole;
	}
	return f ? f : get_family(t, name);
}

static bool is_number(const char *s)
{
	double ignored;

	return num_parse_double(s, strlen(s), &ignored);
}

static int check_part(struct text *t, const struct family_seen *f, enum sample_suffix suffix,
                      const struct labels *labels)
{
	enum metric_type type = f->desc.type;

	if (type == METRIC_HISTOGRAM && suffix == SUFFIX_NONE)
		return fault_of(t, f->desc.name, "is a histogram: its samples end with _bucket, _sum or _count");
	if (suffix == SUFFIX_BUCKET && (!labels->le || !is_number(labels->le)))
		return fault_of(t, f->desc.name, "has a bucket without le=\"<number>\"");
	if (type == METRIC_SUMMARY && suffix == SUFFIX_NONE && (!labels->quantile || !is_number(labels->quantile)))
		return fault_of(t, f->desc.name, "is a summary: a sample needs quantile=\"<number>\"");
	return 0;
}

/* A label without a value is the same as none. */
static uint64_t hash_series(const struct family_seen *f, enum sample_suffix suffix, const struct labels *labels)
{
	uint64_t hash = hash_bytes(hash_text(FNV_START, f->desc.name), &suffix, sizeof(suffix));

	for (size_t i = 0; i < labels->n; i++)
		if (*labels->items[i].value)
			hash = hash_text(hash_text(hash, labels->items[i].name), labels->items[i].value);
	return never_zero(hash);
}

static int add_sample(struct text *t, const char *name, const struct labels *labels, double value)
{
	enum sample_suffix suffix;
	struct family_seen *f = family_of_sample(t, name, &suffix);
	struct promtext_slot *slot;
	uint64_t hash;

	if (check_part(t, f, suffix, labels) < 0)
		return -1;
	hash = hash_series(f, suffix, labels);
	slot = look_up(&t->series, t->arena, hash, NULL);
	if (slot->hash)
		return fault_of(t, name, "has a second sample with the same labels");
	put(&t->series, slot, hash, NULL);
	if (t->reader->series.size && slot_of(&t->reader->series, hash, NULL)->hash)
		return fault_of(t, name, "with the same labels is in an earlier file");
	f->sampled = true;
	sample_add_part(&t->set, &f->desc, suffix, value, labels->items, labels->n);
	return 0;
}

static int sample_line(struct text *t, struct span rest)
{
	struct span name = scan_name(&rest, true), word;
	struct labels labels = {.n = 0};
	int64_t timestamp;
	double value;

	if (!name.len)
		return fault(t, "a line begins with # or the name of a metric");
	skip_blanks(&rest);
	if (rest.len && *rest.s == '{') {
		rest.s++;
		rest.len--;
		if (scan_labels(t, &rest, &labels) < 0)
			return -1;
	} else if (rest.len && rest.s == name.s + name.len) {
		return fault(t, "a metric's name has other characters than letters, digits, _ and :");
	}
	if (!scan_field(&rest, &word) || !num_parse_double(word.s, word.len, &value))
		return fault(t, "the value is missing or no number");
	if (scan_field(&rest, &word)) {
		if (!num_parse_i64(word.s, word.len, &timestamp))
			return fault(t, "what follows the value is no timestamp in milliseconds");
		if (!t->reader->timestamps_allowed)
			return fault(t, "samples with timestamps are not taken here: leave them out");
	}
	skip_blanks(&rest);
	if (rest.len)
		return fault(t, "there is more after the timestamp");
	return add_sample(t, arena_strndup(t->arena, name.s, name.len), &labels, value);
}

static int read_line(struct text *t, struct span line)
{
	if (line.len > PROMTEXT_MAX_LINE)
		return fault(t, "the line is longer than 1 MiB");
	if (line.len && line.s[line.len - 1] == '\r')
		return fault(t, "lines end with CR LF; save the file with LF only");
	if (memchr(line.s, '\0', line.len) || !utf8_valid(line.s, line.len))
		return fault(t, "the line is no UTF-8 text");
	skip_blanks(&line);
	if (!line.len)
		return 0;
	if (*line.s != '#')
		return sample_line(t, line);
	line.s++;
	line.len--;
	return comment(t, line);
}

/* What an earlier text said of the same families. */
static int check_types(struct text *t)
{
	struct promtext_table *known = &t->reader->families;

	for (const struct family *f = t->set.first; f && known->size; f = f->next) {
		const struct promtext_slot *slot =
			slot_of(known, never_zero(hash_text(FNV_START, f->desc->name)), f->desc->name);

		if (!slot->hash || slot->family->desc.type == f->desc->type)
			continue;
		return err_set(t->err, "%s:%zu: %.80s is a %s here and a %s in an earlier file", t->name,
		               find_family(t, f->desc->name)->line, f->desc->name, metric_type_name(f->desc->type),
		               metric_type_name(slot->family->desc.type));
	}
	return 0;
}

/* Nothing can fail from here on. */
static void commit(struct text *t, struct sample_set *set)
{
	struct promtext *r = t->reader;

	for (struct family *f = t->set.first, *next; f; f = next) {
		uint64_t hash = never_zero(hash_text(FNV_START, f->desc->name));
		struct promtext_slot *slot = look_up(&r->families, r->arena, hash, f->desc->name);
		struct family_seen *mine = find_family(t, f->desc->name);

		next = f->next;
		if (!slot->hash)
			put(&r->families, slot, hash, mine);
		if (!slot->family->helped && mine->helped) {
			slot->family->desc.help = mine->desc.help;
			slot->family->helped = true;
		}
		sample_set_take(set, &slot->family->desc, f);
	}
	for (size_t i = 0; i < t->series.size; i++)
		if (t->series.slots[i].hash)
			put(&r->series, look_up(&r->series, r->arena, t->series.slots[i].hash, NULL),
			    t->series.slots[i].hash, NULL);
}

void promtext_init(struct promtext *t, struct arena *arena, bool timestamps_allowed)
{
	*t = (struct promtext){.arena = arena, .timestamps_allowed = timestamps_allowed};
}

int promtext_read(struct promtext *reader, struct sample_set *set, const char *name, struct span text, struct err *err)
{
	struct text t = {.reader = reader, .arena = reader->arena, .name = name, .err = err};
	struct span line;

	if (text.len > PROMTEXT_MAX_BYTES)
		return err_set(err, "%s: larger than 16 MiB", name);
	sample_set_init(&t.set, reader->arena, NULL);
	t.set.common = set->common;
	t.set.common_len = set->common_len;
	while (text.len) {
		bool whole = scan_until(&text, '\n', &line);

		t.line++;
		if (!whole)
			return fault(&t, "the last line has no end: the file may be half written");
		if (read_line(&t, line) < 0)
			return -1;
	}
	if (check_types(&t) < 0)
		return -1;
	commit(&t, set);
	return 0;
}
