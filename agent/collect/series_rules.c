/* The settings, and what one rule does to one sample. */
#include "collect/series_rules.h"

#include "base/buf.h"
#include "collect/series_rules_inside.h"
#include "config/regex.h"

struct filter {
	const struct regex *name;
	const char *label;
	const struct regex *value;
};

struct replacement {
	const char *label;
	const struct regex *pattern;
	const char *with;
};

static const struct field filter_fields[] = {
	F_REGEX(struct filter, name, NULL,
                "Matches the metric's name; a histogram's without _bucket, _sum or _count. All without."),
	F_STRING(struct filter, label, NULL, "The label that `value` looks at."),
	F_REGEX(struct filter, value, NULL, "Matches the label's value; one that is not there has an empty one."),
	{0},
};

static const struct field replace_fields[] = {
	{.name = "label",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct replacement, label, const char *),
         .help = "The label whose value is changed.",
         .required = true},
	{.name = "pattern",
         .type = FIELD_REGEX,
         .offset = FIELD_AT(struct replacement, pattern, const struct regex *),
         .help = "Each match in the value is replaced.",
         .required = true},
	F_STRING(struct replacement, with, "", "What stands there then."),
	{0},
};

enum kind { KEEP, DROP, DROP_LABELS, SET_LABELS, RENAME_LABELS, REPLACE };

const struct field series_rule_fields[] = {
	[KEEP] = {.name = "keep",
                  .type = FIELD_STRUCT,
                  .fields = filter_fields,
                  .item_size = sizeof(struct filter),
                  .help = "Passes on what matches and nothing else."},
	[DROP] = {.name = "drop",
                  .type = FIELD_STRUCT,
                  .fields = filter_fields,
                  .item_size = sizeof(struct filter),
                  .help = "Leaves out what matches."},
	[DROP_LABELS] = {.name = "drop_labels", .type = FIELD_STRING_LIST, .help = "Leaves these labels out."},
	[SET_LABELS] = {.name = "set_labels",
                        .type = FIELD_STRING_MAP,
                        .key_ok = label_name_valid,
                        .key_rule = "letters, digits and _, not beginning with a digit",
                        .help = "Gives each series these labels, in place of its own ones of these names."},
	[RENAME_LABELS] = {.name = "rename_labels",
                           .type = FIELD_STRING_MAP,
                           .help = "Old names of labels and their new ones."},
	[REPLACE] = {.name = "replace",
                     .type = FIELD_STRUCT,
                     .fields = replace_fields,
                     .item_size = sizeof(struct replacement),
                     .help = "Changes the value of a label, such as a path that holds a number."},
	{0},
};

static enum kind kind_of(const struct chosen *rule)
{
	return (enum kind)(rule->field - series_rule_fields);
}

static int check_label(const char *name, struct err *err)
{
	if (!label_name_valid(name))
		return err_set(err, "%.100s: is no name of a label: letters, digits and _", name);
	if (!strcmp(name, "le") || !strcmp(name, "quantile") || !strcmp(name, "target"))
		return err_set(err, "the label %s is what tells series apart; leave it as it is", name);
	return 0;
}

static int check_filter(const struct filter *f, struct err *err)
{
	if (!f->name && !f->label)
		return err_set(err, "give a name, or a label and its value, or both");
	if (!f->label != !f->value)
		return err_set(err, "label and value go together");
	return 0;
}

static int check_map(const struct string_map *map, bool values_too, struct err *err)
{
	for (size_t i = 0; i < map->n; i++)
		if (check_label(map->items[i].key, err) < 0 ||
		    (values_too && check_label(map->items[i].value, err) < 0))
			return -1;
	return 0;
}

static int check_list(const struct string_list *list, struct err *err)
{
	for (size_t i = 0; i < list->n; i++)
		if (check_label(list->items[i], err) < 0)
			return -1;
	return 0;
}

int series_rule_check(const struct field *f, const struct list *list, size_t i, struct err *err)
{
	const struct chosen *rule = (const struct chosen *)list->items + i;

	(void)f;
	if (i >= SERIES_RULES_MAX)
		return err_set(err, "there are more than %d rules", SERIES_RULES_MAX);
	switch (kind_of(rule)) {
	case KEEP:
	case DROP: return check_filter(rule->value, err);
	case DROP_LABELS: return check_list(rule->value, err);
	case SET_LABELS: return check_map(rule->value, false, err);
	case RENAME_LABELS: return check_map(rule->value, true, err);
	case REPLACE: return check_label(((const struct replacement *)rule->value)->label, err);
	}
	return 0;
}

static struct label *find_label(const struct promtext_sample *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->labels[i].name, name))
			return &s->labels[i];
	return NULL;
}

static void remove_label(struct promtext_sample *s, struct label *label)
{
	memmove(label, label + 1, (size_t)(s->labels + s->n - (label + 1)) * sizeof(*label));
	s->n--;
}

static void drop_label(struct promtext_sample *s, const char *name)
{
	struct label *label = find_label(s, name);

	if (label)
		remove_label(s, label);
}

/* One more where there is no room is left out: no program has so many. */
static void set_label(struct promtext_sample *s, const char *name, const char *value)
{
	struct label *label = find_label(s, name);

	if (!label && s->n < PROMTEXT_MAX_LABELS)
		label = &s->labels[s->n++];
	if (label)
		*label = (struct label){name, value};
}

static void rename_label(struct promtext_sample *s, const char *from, const char *to)
{
	const struct label *label = find_label(s, from);
	const char *value;

	if (!label)
		return;
	value = label->value;
	drop_label(s, from);
	set_label(s, to, value);
}

static const char *replaced(struct arena *a, const struct replacement *r, const char *value)
{
	struct span subject = span_of(value), groups[REGEX_MAX_GROUPS];
	struct buf CLEANUP_BUF out = {0};
	size_t from = 0;

	while (from <= subject.len && regex_find(r->pattern, subject, from, groups) == REGEX_MATCH) {
		size_t at = (size_t)(groups[0].s - subject.s);

		if (!groups[0].len)
			break;
		buf_put(&out, subject.s + from, at - from);
		buf_puts(&out, r->with);
		from = at + groups[0].len;
	}
	if (!from)
		return value;
	buf_put(&out, subject.s + from, subject.len - from);
	return arena_strndup(a, out.data, out.len);
}

static void replace(struct arena *a, const struct replacement *r, struct promtext_sample *s)
{
	struct label *label = find_label(s, r->label);

	if (label)
		label->value = replaced(a, r, label->value);
}

/* Whether a filter takes the sample; its name was looked at once for all of the family. */
static bool takes(const struct filter *f, bool name_matches, const struct promtext_sample *s)
{
	const struct label *label;

	if (!name_matches || !f->label)
		return name_matches;
	label = find_label(s, f->label);
	return regex_match(f->value, label ? label->value : "", label ? strlen(label->value) : 0);
}

bool series_rules_change_labels(const struct series_rules *rules)
{
	const struct chosen *all = rules->rules.items;

	for (size_t i = 0; i < rules->rules.n; i++)
		if (kind_of(&all[i]) > DROP)
			return true;
	return false;
}

uint64_t series_rules_for_name(const struct series_rules *rules, const char *name)
{
	const struct chosen *all = rules->rules.items;
	uint64_t matching = 0;

	for (size_t i = 0; i < rules->rules.n; i++) {
		const struct filter *f = kind_of(&all[i]) <= DROP ? all[i].value : NULL;

		if (f && (!f->name || regex_match(f->name, name, strlen(name))))
			matching |= UINT64_C(1) << i;
	}
	return matching;
}

/* false: the sample is left out */
static bool apply(const struct chosen *rule, bool name_matches, struct arena *a, struct promtext_sample *s)
{
	const struct string_list *list = rule->value;
	const struct string_map *map = rule->value;

	switch (kind_of(rule)) {
	case KEEP: return takes(rule->value, name_matches, s);
	case DROP: return !takes(rule->value, name_matches, s);
	case DROP_LABELS:
		for (size_t i = 0; i < list->n; i++)
			drop_label(s, list->items[i]);
		break;
	case SET_LABELS:
		for (size_t i = 0; i < map->n; i++)
			set_label(s, map->items[i].key, map->items[i].value);
		break;
	case RENAME_LABELS:
		for (size_t i = 0; i < map->n; i++)
			rename_label(s, map->items[i].key, map->items[i].value);
		break;
	case REPLACE: replace(a, rule->value, s); break;
	}
	return true;
}

bool series_rules_apply(const struct series_rules *rules, uint64_t matching, struct arena *a, struct promtext_sample *s)
{
	const struct chosen *all = rules->rules.items;

	for (size_t i = 0; i < rules->rules.n; i++)
		if (!apply(&all[i], matching >> i & 1, a, s))
			return false;
	promtext_sort_labels(s->labels, rules->rules.n ? s->n : 0);
	return true;
}
