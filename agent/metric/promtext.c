#include "metric/promtext.h"

#include "base/num.h"
#include "base/utf8.h"
#include "metric/promtext_inside.h"

/* A label without a value is the same as none. */
static uint64_t hash_series(const struct promtext_sample *s)
{
	uint64_t hash =
		promtext_hash(promtext_hash_text(PROMTEXT_HASH_START, s->family->name), &s->suffix, sizeof(s->suffix));

	for (size_t i = 0; i < s->n; i++)
		if (*s->labels[i].value)
			hash = promtext_hash_text(promtext_hash_text(hash, s->labels[i].name), s->labels[i].value);
	return promtext_never_zero(hash);
}

/* Whether two series that became one by the rules are the sum of both. */
static bool adds_up(const struct promtext_sample *s)
{
	enum metric_type type = s->family->type;

	return type == METRIC_COUNTER || type == METRIC_HISTOGRAM ||
	       (type == METRIC_SUMMARY && s->suffix != SUFFIX_NONE);
}

static int add_again(struct text *t, const struct promtext_sample *s, struct sample *first, double value)
{
	if (!t->reader->changes_labels)
		return promtext_fault_of(t, s->family->name, "has a second sample with the same labels");
	if (!adds_up(s))
		return promtext_fault_of(
			t, s->family->name,
			"has two samples with the same labels; rules that change labels leave one that "
			"tells them apart, or drop the metric");
	first->value += value;
	return 0;
}

static int add_sample(struct text *t, const char *name, struct labels *labels, double value)
{
	struct promtext_place place;
	struct promtext_sample s;
	struct promtext_slot *slot;
	uint64_t hash;

	if (promtext_find_place(t, name, &place) < 0)
		return -1;
	place.family->sampled = true;
	if (place.creation_time)
		return 0;
	if (promtext_check_place(t, &place, labels) < 0)
		return -1;
	s = (struct promtext_sample){&place.family->desc, place.suffix, labels->items,
	                             labels->n,           value,        &place.family->kept};
	if (t->reader->admit && !t->reader->admit(t->reader->admit_arg, &s))
		return 0;
	hash = hash_series(&s);
	slot = promtext_look_up(&t->series, t->arena, hash, NULL);
	if (slot->hash)
		return add_again(t, &s, slot->sample, value);
	promtext_put(&t->series, slot, hash);
	if (t->reader->series.size && promtext_slot_of(&t->reader->series, hash, NULL)->hash)
		return promtext_fault_of(t, name, "with the same labels is in an earlier file");
	slot->sample = sample_add_part(&t->set, s.family, s.suffix, value, s.labels, s.n);
	return 0;
}

static bool openmetrics(const struct text *t)
{
	return t->reader->format == PROMTEXT_OPENMETRICS;
}

/* Milliseconds, or in OpenMetrics seconds with a fraction. */
static int scan_timestamp(struct text *t, struct span *rest)
{
	struct span before = *rest, word;
	int64_t milliseconds;
	double seconds;

	if (!scan_field(rest, &word))
		return 0;
	if (openmetrics(t) && *word.s == '#') {
		*rest = before;
		return 0;
	}
	if (openmetrics(t) ? !num_parse_double(word.s, word.len, &seconds)
	                   : !num_parse_i64(word.s, word.len, &milliseconds))
		return promtext_fault(t, openmetrics(t) ? "what follows the value is no timestamp in seconds"
		                                        : "what follows the value is no timestamp in milliseconds");
	if (!t->reader->timestamps_allowed)
		return promtext_fault(t, "samples with timestamps are not taken here: leave them out");
	return 0;
}

/* " # {trace_id="..."} 0.67 1520879607.789", which is read and left out */
static int scan_exemplar(struct text *t, struct span *rest)
{
	struct labels labels = {.n = 0};
	struct span word;
	double number;

	promtext_skip_blanks(rest);
	if (!openmetrics(t) || !scan_char(rest, '#'))
		return 0;
	promtext_skip_blanks(rest);
	if (!scan_char(rest, '{'))
		return promtext_fault(t, "an exemplar begins with # and labels in braces");
	if (promtext_scan_labels(t, rest, &labels) < 0)
		return -1;
	if (!scan_field(rest, &word) || !num_parse_double(word.s, word.len, &number))
		return promtext_fault(t, "the value of an exemplar is missing or no number");
	if (scan_field(rest, &word) && !num_parse_double(word.s, word.len, &number))
		return promtext_fault(t, "the timestamp of an exemplar is no number");
	return 0;
}

/* Behind the labels. */
static int scan_value(struct text *t, struct span *rest, double *value)
{
	struct span word;

	if (!scan_field(rest, &word) || !num_parse_double(word.s, word.len, value))
		return promtext_fault(t, "the value is missing or no number");
	if (scan_timestamp(t, rest) < 0 || scan_exemplar(t, rest) < 0)
		return -1;
	promtext_skip_blanks(rest);
	if (rest->len)
		return promtext_fault(t, "there is more after the timestamp");
	return 0;
}

static int sample_line(struct text *t, struct span rest)
{
	struct span name = promtext_scan_name(&rest, true);
	struct labels labels = {.n = 0};
	double value;

	if (!name.len)
		return promtext_fault(t, "a line begins with # or the name of a metric");
	promtext_skip_blanks(&rest);
	if (scan_char(&rest, '{')) {
		if (promtext_scan_labels(t, &rest, &labels) < 0)
			return -1;
	} else if (rest.len && rest.s == name.s + name.len) {
		return promtext_fault(t, "a metric's name has other characters than letters, digits, _ and :");
	}
	if (scan_value(t, &rest, &value) < 0)
		return -1;
	return add_sample(t, arena_strndup(t->arena, name.s, name.len), &labels, value);
}

static int read_line(struct text *t, struct span line)
{
	if (t->ended)
		return promtext_fault(t, "there is more behind # EOF");
	if (line.len > PROMTEXT_MAX_LINE)
		return promtext_fault(t, "the line is longer than 1 MiB");
	if (line.len && line.s[line.len - 1] == '\r')
		return promtext_fault(t, "lines end with CR LF; save the file with LF only");
	if (memchr(line.s, '\0', line.len) || !utf8_valid(line.s, line.len))
		return promtext_fault(t, "the line is no UTF-8 text");
	promtext_skip_blanks(&line);
	if (!line.len)
		return openmetrics(t) ? promtext_fault(t, "OpenMetrics has no empty lines") : 0;
	if (!scan_char(&line, '#'))
		return sample_line(t, line);
	return promtext_comment(t, line);
}

static struct promtext_family *seen(const struct metric_desc *desc)
{
	return (struct promtext_family *)desc; /* its first member */
}

static uint64_t hash_family(const struct metric_desc *desc)
{
	return promtext_never_zero(promtext_hash_text(PROMTEXT_HASH_START, desc->name));
}

/* Of two families that come to one name, in this text or with an earlier one, the types agree. */
static int check_types(struct text *t)
{
	const struct promtext_table *known = &t->reader->families;

	for (const struct family *f = t->set.first; f; f = f->next) {
		struct promtext_family *other =
			f->desc->name == seen(f->desc)->name ? NULL : promtext_find_family(t, f->desc->name);

		if (other && other->sampled)
			return err_set(t->err, "%s:%zu: %.80s is the name of a family and of another one's samples",
			               t->name, other->line, f->desc->name);
		other = known->size ? promtext_slot_of(known, hash_family(f->desc), f->desc->name)->family : NULL;
		if (!other || other->desc.type == f->desc->type)
			continue;
		return err_set(t->err, "%s:%zu: %.80s is a %s here and a %s in an earlier file", t->name,
		               seen(f->desc)->line, f->desc->name, metric_type_name(f->desc->type),
		               metric_type_name(other->desc.type));
	}
	return 0;
}

/* Nothing can fail from here on. */
static void commit(struct text *t, struct sample_set *set)
{
	struct promtext *r = t->reader;

	for (struct family *f = t->set.first, *next; f; f = next) {
		struct promtext_family *mine = seen(f->desc);
		struct promtext_slot *slot =
			promtext_look_up(&r->families, r->arena, hash_family(f->desc), f->desc->name);

		next = f->next;
		mine->name = mine->desc.name;
		if (!slot->hash) {
			promtext_put(&r->families, slot, hash_family(f->desc));
			slot->family = mine;
		}
		if (!slot->family->helped && mine->helped) {
			slot->family->desc.help = mine->desc.help;
			slot->family->helped = true;
		}
		sample_set_take(set, &slot->family->desc, f);
	}
	for (size_t i = 0; i < t->series.size; i++) {
		uint64_t hash = t->series.slots[i].hash;

		if (hash)
			promtext_put(&r->series, promtext_look_up(&r->series, r->arena, hash, NULL), hash);
	}
}

static int read_lines(struct text *t, struct span text)
{
	struct span line;

	while (text.len) {
		bool whole = scan_until(&text, '\n', &line);

		t->line++;
		if (!whole)
			return promtext_fault(t, "the last line has no end: the file may be half written");
		if (read_line(t, line) < 0)
			return -1;
	}
	if (openmetrics(t) && !t->ended)
		return promtext_fault(t, "# EOF is missing: the text may be cut short");
	return 0;
}

void promtext_init(struct promtext *t, struct arena *arena, bool timestamps_allowed)
{
	*t = (struct promtext){.arena = arena, .timestamps_allowed = timestamps_allowed};
}

int promtext_read(struct promtext *reader, struct sample_set *set, const char *name, struct span text, struct err *err)
{
	struct text t = {.reader = reader, .arena = reader->arena, .name = name, .err = err};

	if (text.len > PROMTEXT_MAX_BYTES)
		return err_set(err, "%s: larger than 16 MiB", name);
	sample_set_init(&t.set, reader->arena, NULL);
	t.set.common = set->common;
	t.set.common_len = set->common_len;
	if (read_lines(&t, text) < 0 || check_types(&t) < 0)
		return -1;
	commit(&t, set);
	return 0;
}
