/* Promtail's stages, by a table: which of ours has the same meaning, and which key is which. */
#include "convert/source.h"

enum how { AS_TEXT, AS_DURATION, AS_SIZE, AS_TEXTS, AS_MAP, AS_NAMES, NOT_AT_ALL };

struct key_rule {
	const char *theirs, *ours;
	enum how how;
	const char *instead; /* NOT_AT_ALL: what to do; NULL: nothing needs to be done */
};

struct stage_rule {
	const char *theirs, *ours; /* ours NULL: there is none */
	const struct key_rule *keys;
	const char *fixed;   /* what is written besides, a line of our settings; NULL: nothing */
	const char *instead; /* where there is none: what to do */
	void (*after)(struct writer *w, struct source *s, const struct node *settings, int indent);
	enum how whole; /* the stage itself is a value of that kind, and has no keys */
};

static const struct key_rule json_keys[] = {
	{"expressions", "fields", AS_NAMES},
	{"source", "source", AS_TEXT},
	{"drop_malformed", "drop_malformed", AS_TEXT},
	{0},
};
static const struct key_rule logfmt_keys[] = {
	{"mapping", "fields", AS_NAMES},
	{"source", "source", AS_TEXT},
	{0},
};
static const struct key_rule regex_keys[] = {
	{"expression", "expression", AS_TEXT},
	{"source", "source", AS_TEXT},
	{"labels_from_groups", NULL, NOT_AT_ALL},
	{0},
};
static const struct key_rule replace_keys[] = {
	{"expression", "expression", AS_TEXT},
	{"source", "source", AS_TEXT},
	{"replace", "replace", AS_TEXT},
	{0},
};
static const struct key_rule template_keys[] = {
	{"source", "source", AS_TEXT},
	{"template", "template", AS_TEXT},
	{0},
};
static const struct key_rule timestamp_keys[] = {
	{"source", "source", AS_TEXT},
	{"format", "format", AS_TEXT},
	{"fallback_formats", "fallback_formats", AS_TEXTS},
	{"location", "location", AS_TEXT},
	{"action_on_failure", "action_on_failure", AS_TEXT},
	{0},
};
static const struct key_rule output_keys[] = {{"source", "source", AS_TEXT}, {0}};
static const struct key_rule tenant_keys[] = {
	{"value", "value", AS_TEXT},
	{"source", "source", AS_TEXT},
	{"label", "label", AS_TEXT},
	{0},
};
static const struct key_rule drop_keys[] = {
	{"source", "source", AS_TEXT},
	{"expression", "expression", AS_TEXT},
	{"value", "value", AS_TEXT},
	{"older_than", "older_than", AS_DURATION},
	{"longer_than", "longer_than", AS_SIZE},
	{"drop_counter_reason", "reason", AS_TEXT},
	{"separator", NULL, NOT_AT_ALL},
	{0},
};
static const struct key_rule multiline_keys[] = {
	{"firstline", "first_line", AS_TEXT},
	{"max_wait_time", "max_wait", AS_DURATION},
	{"max_lines", "max_lines", AS_TEXT},
	{0},
};
static const struct key_rule cri_keys[] = {
	{"max_partial_lines", NULL, NOT_AT_ALL},
	{"max_partial_line_size", "max_bytes", AS_SIZE},
	{"max_partial_line_size_truncate", NULL, NOT_AT_ALL},
	{0},
};
static const struct key_rule limit_keys[] = {
	{"rate", "rate", AS_TEXT},
	{"burst", "burst", AS_TEXT},
	{"drop", NULL, NOT_AT_ALL},
	{"by_label_name", NULL, NOT_AT_ALL,
         "no equal: limits are for each stream of its own; make the label one of the stream's, or leave it out"},
	{"max_distinct_labels", NULL, NOT_AT_ALL},
	{0},
};
static const struct key_rule sampling_keys[] = {{"rate", "rate", AS_TEXT}, {0}};
static const struct key_rule no_keys[] = {{0}};

static const struct stage_rule rules[] = {
	{"docker", "docker", no_keys, .after = know_stream},
	{"cri", "cri", cri_keys, .after = know_stream},
	{"regex", "regex", regex_keys, .after = know_groups},
	{"json", "json", json_keys},
	{"logfmt", "logfmt", logfmt_keys},
	{"replace", "replace", replace_keys},
	{"multiline", "multiline", multiline_keys, "max_lines: 128"},
	{"template", "template", template_keys},
	{"timestamp", "timestamp", timestamp_keys, "action_on_failure: fudge"},
	{"output", "output", output_keys},
	{"labels", "labels", NULL, .after = know_labels, .whole = AS_NAMES},
	{"structured_metadata", "structured_metadata", NULL, .whole = AS_NAMES},
	{"static_labels", "static_labels", NULL, .after = know_static, .whole = AS_MAP},
	{"labeldrop", "labeldrop", NULL, .after = know_dropped, .whole = AS_TEXTS},
	{"labelallow", "labelallow", NULL, .after = know_allowed, .whole = AS_TEXTS},
	{"tenant", "tenant", tenant_keys},
	{"drop", "drop", drop_keys},
	{"sampling", "sample", sampling_keys},
	{"limit", "limit", limit_keys},
	{"decolorize", "replace", no_keys, "expression: '\\x1b\\[[0-9;]*m'"},
	{"pack", .instead = "send the labels along with structured_metadata instead, which needs no unpacking"},
	{"geoip", .instead = "look addresses up in the dashboards, or in what writes the log"},
	{"eventlogmessage", .instead = "it is for Windows, where vedette does not run"},
	{0},
};

/* What a path of JMESPath is in ours: names with dots between; quotes around a name go. NULL: it is more than that. */
static const char *json_path(struct writer *w, const char *expression)
{
	char *path = arena_alloc(w->a, strlen(expression) + 1), *to = path;
	const char *p = expression;

	for (;;) {
		bool quoted = *p == '"';
		size_t len = strcspn(p += quoted, quoted ? "\"\\." : ".");

		if (!len ||
		    (!quoted && strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") < len))
			return NULL;
		memcpy(to, p, len);
		to += len;
		p += len;
		if (quoted && *p++ != '"')
			return NULL;
		*to++ = *p ? '.' : '\0';
		if (!*p)
			return path;
		if (*p++ != '.')
			return NULL;
	}
}

static struct string_map json_paths(struct writer *w, const struct node *node, struct string_map map)
{
	struct string_map out = {0};

	for (size_t i = 0; i < map.n; i++) {
		const char *path = json_path(w, map.items[i].value);

		if (path)
			pairs_set(w, &out, map.items[i].key, path);
		else
			note(w, node, NO_EQUAL,
			     "json: %s: only paths of names (a.b.c) can be read; take the object itself, and its part "
			     "with a regex stage",
			     shown(w, span_of(map.items[i].key)));
	}
	return out;
}

static void put_key(struct writer *w, const struct stage_rule *stage, const struct key_rule *key,
                    const struct node *node, int indent)
{
	struct string_list list;
	const char *text = NULL;

	switch (key->how) {
	case AS_NAMES:
		if (!strcmp(stage->theirs, "json")) {
			struct string_map map = json_paths(w, node, pairs_of(w, node, true));

			write_map(w, indent, key->ours, &map);
		} else {
			struct string_map map = pairs_of(w, node, true);

			write_map(w, indent, key->ours, &map);
		}
		return;
	case AS_TEXTS:
		list = texts_of(w, node);
		write_list(w, indent, key->ours, &list);
		return;
	case AS_TEXT: text = scalar_text(w, node); break;
	case AS_DURATION: text = duration_text(w, node); break;
	case AS_SIZE: text = size_text(w, node); break;
	default:
		if (key->instead)
			note(w, node, NO_EQUAL, "%s: %s", stage->theirs, key->instead);
		return;
	}
	if (text && (*text || !strcmp(key->ours, "replace")))
		write_text(w, indent, key->ours, text);
}

static const struct key_rule *find_key(const struct key_rule *keys, struct span name)
{
	while (keys->theirs && !span_eq(name, keys->theirs))
		keys++;
	return keys->theirs ? keys : NULL;
}

static bool has_fixed(const struct stage_rule *stage, const struct node *settings)
{
	const char *colon = strchr(stage->fixed, ':');

	for (const struct key_rule *k = stage->keys; k->theirs; k++)
		if (k->ours && strlen(k->ours) == (size_t)(colon - stage->fixed) &&
		    !strncmp(k->ours, stage->fixed, strlen(k->ours)) && value_of(settings, k->theirs))
			return true;
	return false;
}

static void put_keys(struct writer *w, const struct stage_rule *stage, const struct node *settings, int indent)
{
	for (const struct node *key = settings->kind == NODE_MAP ? settings->first : NULL; key; key = key->next) {
		const struct key_rule *rule = find_key(stage->keys, key->text);

		if (!rule)
			note(w, key, NO_EQUAL, "%s: %s is not known, and left out", stage->theirs, shown(w, key->text));
		else if (!node_is_null(key->value))
			put_key(w, stage, rule, key->value, indent);
	}
	if (stage->fixed && !has_fixed(stage, settings))
		buf_printf(w->out, "%*s%s\n", indent, "", stage->fixed);
}

static void put_whole(struct writer *w, const struct stage_rule *stage, const struct node *settings, int indent)
{
	struct string_map map;
	struct string_list list;

	if (stage->whole == AS_TEXTS) {
		list = texts_of(w, settings);
		write_item_list(w, indent, stage->ours, &list);
		return;
	}
	buf_printf(w->out, "%*s- %s:", indent, "", stage->ours);
	map = pairs_of(w, settings, stage->whole == AS_NAMES);
	buf_puts(w->out, map.n ? "\n" : " {}\n");
	for (size_t i = 0; i < map.n; i++)
		write_text(w, indent + 4, map.items[i].key, map.items[i].value);
}

/* drop and limit mean something else with some of their keys. */
static bool means_the_same(struct writer *w, const char *name, const struct node *at, const struct node *settings)
{
	const struct node *source = value_of(settings, "source");

	if (!strcmp(name, "drop") && source && source->kind == NODE_LIST && source->n > 1) {
		note(w, source, NO_EQUAL,
		     "drop: several sources; make one value of them with a template stage, and drop by that");
		return false;
	}
	if (!strcmp(name, "replace") && strstr(text_of(w, settings, "replace") ?: "", "{{")) {
		note(w, value_of(settings, "replace"), NO_EQUAL,
		     "replace: a template; write a fixed text, or extract the value and use a template stage");
		return false;
	}
	if (!strcmp(name, "limit") && !truth_of(w, settings, "drop", false)) {
		note(w, at, NO_EQUAL,
		     "limit: without drop: true Promtail slows down; vedette reads no faster than Loki takes, so leave "
		     "it out, or drop what is too much with limit: {rate, burst}");
		return false;
	}
	return true;
}

static void put_item(struct writer *w, const struct stage_rule *stage, const struct node *settings, int indent)
{
	if (!stage->keys) {
		put_whole(w, stage, settings, indent);
		return;
	}
	buf_printf(w->out, "%*s- %s:\n", indent, "", stage->ours);
	put_keys(w, stage, settings, indent + 4);
}

static void convert_known(struct writer *w, struct source *s, const struct stage_rule *stage, const struct node *key,
                          int indent)
{
	struct buf CLEANUP_BUF text = {0};
	struct buf *out = w->out;
	size_t lost = w->to->lost;
	bool written = false;

	if (means_the_same(w, stage->theirs, key, key->value)) {
		w->out = &text;
		w->holding = true;
		put_item(w, stage, key->value, indent);
		w->holding = false;
		w->out = out;
		/* a drop without one of its conditions would drop more */
		if (strcmp(stage->theirs, "drop") != 0 || w->to->lost == lost)
			written = write_stage(w, key, indent, &text);
	}
	write_comments(w, indent);
	if (written && stage->after)
		stage->after(w, s, key->value, indent);
}

static void convert_stage(struct writer *w, struct source *s, const struct node *key, int indent)
{
	const struct stage_rule *stage = rules;

	while (stage->theirs && !span_eq(key->text, stage->theirs))
		stage++;
	if (span_eq(key->text, "match"))
		convert_match(w, s, key, key->value, indent);
	else if (span_eq(key->text, "metrics"))
		convert_metrics(w, s, key, indent);
	else if (!stage->theirs)
		note(w, key, NO_EQUAL, "%s: no stage of Promtail's; it is left out", shown(w, key->text));
	else if (!stage->ours)
		note(w, key, NO_EQUAL, "%s: no equal; %s", stage->theirs, stage->instead);
	else
		convert_known(w, s, stage, key, indent);
	write_comments(w, indent);
}

void convert_stage_list(struct writer *w, struct source *s, const struct node *list, int indent)
{
	for (const struct node *item = list ? list->first : NULL; item; item = item->next) {
		if (item->kind != NODE_MAP)
			note(w, item, NO_EQUAL, "a stage is written `- name: {…}`; this is %s", node_kind_name(item));
		for (const struct node *key = item->kind == NODE_MAP ? item->first : NULL; key; key = key->next)
			convert_stage(w, s, key, indent);
		write_comments(w, indent);
	}
}

void convert_stages(struct writer *w, struct source *s, const struct node *list, int indent, const struct buf *first)
{
	struct buf CLEANUP_BUF text = {0};
	struct buf *out = w->out;
	size_t before = w->stages;

	w->out = &text;
	convert_stage_list(w, s, list, indent + 2);
	w->out = out;
	if (first->len || w->stages > before) /* comments alone are no list */
		buf_printf(out, "%*sstages:\n", indent, "");
	buf_put(out, first->data ? first->data : "", first->len);
	buf_put(out, text.data ? text.data : "", text.len);
}
