/* Promtail's metrics stage: counters, gauges and histograms of lines. Its series have all labels that the entries have
 * at that stage. */
#include "convert/source.h"

#include <ctype.h>

enum { SERIES_LABELS = 8 };

static const struct key_note metric_keys[] = {
	{"type", NO_EQUAL, NULL},
	{"description", NO_EQUAL, NULL},
	{"prefix", NO_EQUAL, NULL},
	{"source", NO_EQUAL, NULL},
	{"config", NO_EQUAL, NULL},
	{"max_idle_duration", GOOD_TO_KNOW, "series stay here as long as the agent runs; max_series bounds them"},
	{0},
};

static const struct key_note config_keys[] = {
	{"action", NO_EQUAL, NULL},
	{"value", NO_EQUAL, NULL},
	{"match_all", NO_EQUAL, NULL},
	{"buckets", NO_EQUAL, NULL},
	{"count_entry_bytes", NO_EQUAL, NULL},
	{0},
};

static const char *lower(struct writer *w, const char *text)
{
	char *out = arena_strdup(w->a, text);

	for (char *p = out; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return out;
}

/* A counter ends in _total, and nothing else does. */
static const char *name_of(struct writer *w, const struct node *key, const char *type)
{
	const char *prefix = text_of(w, key->value, "prefix");
	const char *name = arena_printf(w->a, "%s%s", prefix && *prefix ? prefix : "promtail_custom_", key->text.s);
	size_t len = strlen(name);
	bool total = len > 6 && !strcmp(name + len - 6, "_total"), counter = !strcmp(type, "counter");
	const char *ours = name;

	if (counter && !total)
		ours = arena_printf(w->a, "%s_total", name);
	else if (!counter && total)
		ours = arena_strndup(w->a, name, len - 6);
	if (ours != name)
		note(w, key, NO_EQUAL,
		     "metrics: %s: is called %s here, as Prometheus wants it; change what asks for it",
		     shown(w, key->text), shown(w, span_of(ours)));
	return ours;
}

static void put_labels(struct writer *w, const struct source *s, const struct node *key, int indent)
{
	struct string_list names = {ARENA_ARRAY(w->a, const char *, KNOWN_MAX), 0};

	for (size_t i = 0; i < s->n_known && names.n < SERIES_LABELS; i++)
		names.items[names.n++] = s->known[i].name;
	if (s->n_known > SERIES_LABELS)
		note(w, key, NO_EQUAL, "metrics: %s: more than %d labels; the others are left out, choose yours",
		     shown(w, key->text), SERIES_LABELS);
	write_list(w, indent, "labels", &names);
}

static void put_metric(struct writer *w, const struct source *s, const struct node *key, int indent)
{
	const struct node *config = map_of(w, key->value, "config"), *buckets;
	const char *type = lower(w, text_of(w, key->value, "type") ?: "");
	const char *action = lower(w, text_of(w, config, "action") ?: "inc");
	const char *help = text_of(w, key->value, "description"), *source = text_of(w, key->value, "source");
	bool histogram = !strcmp(type, "histogram"), all = truth_of(w, config, "match_all", false);
	struct string_list bounds;

	buf_printf(w->out, "%*s- metrics:\n%*s- ", indent, "", indent + 4, "");
	write_text(w, 0, "name", name_of(w, key, type));
	write_text(w, indent + 6, "type", type);
	if (help && *help)
		write_text(w, indent + 6, "help", help);
	if (!all)
		write_text(w, indent + 6, "source", source && *source ? source : key->text.s);
	if (text_of(w, config, "value"))
		write_text(w, indent + 6, "value", text_of(w, config, "value"));
	if (!histogram)
		write_text(w, indent + 6, "action", action);
	buckets = list_of(w, config, "buckets");
	if (histogram && buckets) {
		bounds = texts_of(w, buckets);
		write_list(w, indent + 6, "buckets", &bounds);
	}
	put_labels(w, s, key, indent + 6);
}

static void convert_metric(struct writer *w, const struct source *s, const struct node *key, int indent)
{
	struct buf CLEANUP_BUF text = {0};
	struct buf *out = w->out;

	if (key->value->kind != NODE_MAP || !scalar_text(w, key)) {
		note(w, key, NO_EQUAL, "metrics: %s: is no section; write its type and config", shown(w, key->text));
		return;
	}
	note_keys(w, key->value, metric_keys);
	note_keys(w, map_of(w, key->value, "config"), config_keys);
	if (truth_of(w, map_of(w, key->value, "config"), "count_entry_bytes", false)) {
		note(w, key, NO_EQUAL,
		     "metrics: %s: the bytes of entries are not counted by a stage; see "
		     "vedette_logs_read_bytes_total of the source",
		     shown(w, key->text));
		return;
	}
	w->out = &text;
	w->holding = true;
	put_metric(w, s, key, indent);
	w->holding = false;
	w->out = out;
	(void)!write_stage(w, key, indent, &text);
}

void convert_metrics(struct writer *w, struct source *s, const struct node *at, int indent)
{
	if (at->value->kind != NODE_MAP)
		note(w, at, NO_EQUAL, "metrics: is no section; write name: {type: Counter, config: {action: inc}}");
	for (const struct node *key = at->value->kind == NODE_MAP ? at->value->first : NULL; key; key = key->next)
		convert_metric(w, s, key, indent);
}
