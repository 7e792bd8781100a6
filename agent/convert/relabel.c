/* Relabelling: worked out here where all labels are known, and turned into stages where they differ from entry to
 * entry. */
#include <ctype.h>

#include "config/regex.h"
#include "convert/source.h"

enum { VALUE_MAX = 64 * 1024 };

struct rule {
	const struct node *at;
	struct string_list sources;
	const char *separator, *pattern, *target, *replacement, *action;
	const struct regex *regex;
};

static const struct key_note rule_keys[] = {
	{"source_labels", NO_EQUAL, NULL}, {"separator", NO_EQUAL, NULL},
	{"target_label", NO_EQUAL, NULL},  {"regex", NO_EQUAL, NULL},
	{"modulus", NO_EQUAL, NULL},       {"replacement", NO_EQUAL, NULL},
	{"action", NO_EQUAL, NULL},        {0},
};

static const char *lower(struct writer *w, const char *text)
{
	char *out = arena_strdup(w->a, text);

	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

static bool read_rule(struct writer *w, const struct node *at, struct rule *r)
{
	const struct node *sources = list_of(w, at, "source_labels");
	const char *pattern = text_of(w, at, "regex");
	struct err err;

	note_keys(w, at, rule_keys);
	*r = (struct rule){.at = at};
	if (sources)
		r->sources = texts_of(w, sources);
	r->separator = text_of(w, at, "separator") ?: ";";
	r->pattern = pattern && *pattern ? pattern : "(.*)";
	r->target = text_of(w, at, "target_label") ?: "";
	r->replacement = text_of(w, at, "replacement") ?: "$1";
	if (node_find_key(at, SPAN("replacement")) && !value_of(at, "replacement"))
		r->replacement = "";
	r->action = lower(w, text_of(w, at, "action") ?: "replace");
	if (regex_compile(w->a, span_of(arena_printf(w->a, "^(?s:%s)$", r->pattern)), &r->regex, &err) == 0)
		return true;
	note(w, at, NO_EQUAL, "relabel_configs: regex: %s", err.text);
	return false;
}

static void put_group(struct buf *out, const struct regex *re, const struct span *groups, struct span name)
{
	for (size_t i = 0; i < regex_groups(re) && i < REGEX_MAX_GROUPS; i++) {
		const char *group = regex_group_name(re, i);
		char number[24];

		snprintf(number, sizeof(number), "%zu", i);
		if (groups[i].s && (span_eq(name, number) || (group && span_eq(name, group))))
			buf_put(out, groups[i].s, groups[i].len);
	}
}

/* $1, ${1}, $name, ${name} and $$, as Go expands them. */
static const char *expand(struct writer *w, const char *text, const struct regex *re, const struct span *groups)
{
	struct buf CLEANUP_BUF out = {.max = VALUE_MAX};

	while (*text) {
		size_t braced, n = 0;

		if (*text != '$') {
			buf_putc(&out, *text++);
			continue;
		}
		braced = *++text == '{';
		while (isalnum((unsigned char)text[braced + n]) || text[braced + n] == '_')
			n++;
		if (*text == '$' || !n || (braced && text[braced + n] != '}')) {
			buf_putc(&out, '$');
			text += *text == '$';
			continue;
		}
		put_group(&out, re, groups, (struct span){text + braced, n});
		text += braced + n + braced;
	}
	return arena_strndup(w->a, out.data ? out.data : "", out.len);
}

static const char *joined(struct writer *w, const struct rule *r, const struct string_map *labels)
{
	struct buf CLEANUP_BUF out = {.max = VALUE_MAX};

	for (size_t i = 0; i < r->sources.n; i++) {
		buf_puts(&out, i ? r->separator : "");
		buf_puts(&out, pairs_find(labels, r->sources.items[i]) ?: "");
	}
	return arena_strndup(w->a, out.data ? out.data : "", out.len);
}

static void set_or_remove(struct writer *w, struct string_map *labels, const char *name, const char *value)
{
	if (*value)
		pairs_set(w, labels, name, value);
	else
		pairs_remove(labels, name);
}

static const char *cased(struct writer *w, const char *text, bool up)
{
	char *out = arena_strdup(w->a, text);

	for (char *p = out; *p; p++)
		*p = (char)(up ? toupper((unsigned char)*p) : tolower((unsigned char)*p));
	return out;
}

/* Rules that look at the names of labels. */
static bool by_names(struct writer *w, const struct rule *r, struct string_map *labels)
{
	bool map = !strcmp(r->action, "labelmap"), drop = !strcmp(r->action, "labeldrop");
	struct span groups[REGEX_MAX_GROUPS];

	if (!map && !drop && strcmp(r->action, "labelkeep") != 0)
		return false;
	for (size_t i = labels->n; i > 0; i--) {
		struct string_pair pair = labels->items[i - 1];
		bool found = regex_find(r->regex, span_of(pair.key), 0, groups) == REGEX_MATCH;

		if (map && found)
			pairs_set(w, labels, expand(w, r->replacement, r->regex, groups), pair.value);
		else if (!map && found == drop)
			pairs_remove(labels, pair.key);
	}
	return true;
}

/* False: the target is dropped. */
static bool apply(struct writer *w, const struct rule *r, struct string_map *labels)
{
	const char *value = joined(w, r, labels);
	struct span groups[REGEX_MAX_GROUPS];
	bool found = regex_find(r->regex, span_of(value), 0, groups) == REGEX_MATCH;

	if (by_names(w, r, labels))
		return true;
	if (!strcmp(r->action, "keep"))
		return found;
	if (!strcmp(r->action, "drop"))
		return !found;
	if (!strcmp(r->action, "lowercase") || !strcmp(r->action, "uppercase"))
		set_or_remove(w, labels, r->target, cased(w, value, *r->action == 'u'));
	else if (strcmp(r->action, "replace") != 0)
		note(w, r->at, NO_EQUAL, "relabel_configs: action %s: no equal; write the label itself",
		     shown(w, span_of(r->action)));
	else if (found)
		set_or_remove(w, labels, expand(w, r->target, r->regex, groups),
		              expand(w, r->replacement, r->regex, groups));
	return true;
}

bool relabel(struct writer *w, const struct node *rules, struct string_map *labels)
{
	struct rule rule;

	for (const struct node *at = rules ? rules->first : NULL; at; at = at->next)
		if (read_rule(w, at, &rule) && !apply(w, &rule, labels))
			return false;
	return true;
}

static const char *ours_for(const struct meta_name *names, const char *theirs)
{
	while (names->theirs && strcmp(names->theirs, theirs) != 0)
		names++;
	return names->ours;
}

/* The value as it is: what ours has under another name. Docker's names begin with a / there. */
static bool is_copy(const struct rule *r)
{
	static const char *const all[] = {"(.*)", "(.+)", "/(.*)", "/(.+)", "/?(.*)", "^/(.*)$", NULL};
	size_t i = 0;

	while (all[i] && strcmp(all[i], r->pattern) != 0)
		i++;
	return all[i] && (!strcmp(r->replacement, "$1") || !strcmp(r->replacement, "${1}"));
}

/* Theirs for a container's name begins with a slash, ours does not. */
static const char *without_slash(const char *pattern)
{
	const char *rest = pattern + (*pattern == '^');

	if (*rest != '/')
		return pattern;
	return rest + (rest[1] == '?' ? 2 : 1);
}

struct collected {
	struct string_map labels; /* theirs for an extracted value or label of ours */
	struct buf filters;       /* keep and drop */
};

static void take_rule(struct writer *w, const struct rule *r, const struct meta_name *names, struct collected *to,
                      int indent)
{
	const char *ours = r->sources.n == 1 ? ours_for(names, r->sources.items[0]) : NULL;
	bool filter = !strcmp(r->action, "keep") || !strcmp(r->action, "drop");
	struct buf *out = w->out;

	if (ours && !strcmp(r->action, "replace") && is_copy(r) && *r->target) {
		pairs_set(w, &to->labels, r->target, ours);
		if (!strcmp(r->sources.items[0], "__journal_priority_keyword"))
			note(w, r->at, NO_EQUAL,
			     "relabel_configs: levels have other words here: critical, error, warn, info and debug; "
			     "change "
			     "what asks for the label %s",
			     shown(w, span_of(r->target)));
	} else if (ours && filter && !strchr(without_slash(r->pattern), '/')) {
		w->out = &to->filters;
		buf_printf(w->out, "%*s- %s:\n", indent, "", r->action);
		write_text(w, indent + 4, "source", ours);
		write_text(w, indent + 4, "expression", arena_printf(w->a, "^(?s:%s)$", without_slash(r->pattern)));
		w->out = out;
	} else {
		note(w, r->at, NO_EQUAL,
		     "relabel_configs: %s: no equal; make the label with the stages template and labels",
		     r->sources.n ? shown(w, span_of(r->sources.items[0])) : "a rule without source_labels");
	}
}

/* Labels that Promtail would not have. */
static struct string_list unasked(struct writer *w, const struct string_map *asked, const char *const *own)
{
	struct string_list list = {ARENA_ARRAY(w->a, const char *, 8), 0};

	for (; *own; own++)
		if (!pairs_find(asked, *own))
			list.items[list.n++] = *own;
	return list;
}

void relabel_stages(struct writer *w, struct source *s, const struct node *rules, const struct meta_name *names,
                    const char *const *own, int indent)
{
	struct collected to = {0};
	struct string_list more;
	struct rule rule;

	for (const struct node *at = rules ? rules->first : NULL; at; at = at->next)
		if (read_rule(w, at, &rule))
			take_rule(w, &rule, names, &to, indent);
	write_comments(w, indent);
	buf_put(w->out, to.filters.data ? to.filters.data : "", to.filters.len);
	buf_fini(&to.filters);
	if (to.labels.n)
		buf_printf(w->out, "%*s- labels:\n", indent, "");
	for (size_t i = 0; i < to.labels.n; i++) {
		write_text(w, indent + 4, to.labels.items[i].key, to.labels.items[i].value);
		source_set_label(s, to.labels.items[i].key, NULL, to.labels.items[i].value);
	}
	more = unasked(w, &to.labels, own);
	if (more.n)
		write_item_list(w, indent, "labeldrop", &more);
}
