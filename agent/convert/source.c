/* The labels that a source has at each of its stages, as far as the settings tell. */
#include "convert/source.h"
#include "logs/entry.h"

const struct known_label *source_label(const struct source *s, const char *name)
{
	for (size_t i = 0; i < s->n_known; i++)
		if (!strcmp(s->known[i].name, name))
			return &s->known[i];
	return NULL;
}

void source_drop_label(struct source *s, const char *name)
{
	for (size_t i = 0; i < s->n_known; i++)
		if (!strcmp(s->known[i].name, name)) {
			s->known[i] = s->known[--s->n_known];
			return;
		}
}

void source_set_label(struct source *s, const char *name, const char *value, const char *from)
{
	source_drop_label(s, name);
	if (s->n_known < KNOWN_MAX)
		s->known[s->n_known++] = (struct known_label){name, value, from};
}

void know_stream(struct writer *w, struct source *s, const struct node *settings, int indent)
{
	(void)w;
	(void)settings;
	(void)indent;
	source_set_label(s, "stream", NULL, NULL);
}

void know_labels(struct writer *w, struct source *s, const struct node *settings, int indent)
{
	struct string_map map = pairs_of(w, settings, true);

	(void)indent;
	for (size_t i = 0; i < map.n; i++)
		source_set_label(s, map.items[i].key, NULL, map.items[i].value);
}

void know_static(struct writer *w, struct source *s, const struct node *settings, int indent)
{
	struct string_map map = pairs_of(w, settings, false);

	(void)indent;
	for (size_t i = 0; i < map.n; i++)
		source_set_label(s, map.items[i].key, map.items[i].value, NULL);
}

void know_dropped(struct writer *w, struct source *s, const struct node *settings, int indent)
{
	struct string_list list = texts_of(w, settings);

	(void)indent;
	for (size_t i = 0; i < list.n; i++)
		source_drop_label(s, list.items[i]);
}

void know_allowed(struct writer *w, struct source *s, const struct node *settings, int indent)
{
	struct string_list list = texts_of(w, settings);

	(void)indent;
	for (size_t i = s->n_known; i > 0; i--)
		if (!string_list_has(&list, s->known[i - 1].name))
			source_drop_label(s, s->known[i - 1].name);
}

/* labels_from_groups: each group with a name is a label too. */
void know_groups(struct writer *w, struct source *s, const struct node *settings, int indent)
{
	const char *rest = text_of(w, settings, "expression");
	struct string_list names = {ARENA_ARRAY(w->a, const char *, KNOWN_MAX), 0};

	if (!truth_of(w, settings, "labels_from_groups", false))
		return;
	while (rest && (rest = strstr(rest, "(?P<")) && names.n < LOG_MAX_LABELS) {
		size_t len = strcspn(rest += 4, ">");

		names.items[names.n++] = arena_strndup(w->a, rest, len);
		source_set_label(s, names.items[names.n - 1], NULL, names.items[names.n - 1]);
	}
	if (names.n)
		write_item_list(w, indent, "labels", &names);
}
