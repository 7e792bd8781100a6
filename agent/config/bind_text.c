#include "config/binder.h"
#include "config/nearest.h"
#include "config/parse.h"

enum { KNOWN_SHOWN = 16, KEY_MAX = 256 };

static bool shows_value(enum field_type type)
{
	return type != FIELD_STRING && type != FIELD_REF && type != FIELD_REGEX;
}

void bind_scalar(struct binder *b, const struct field *f, const struct node *node, const struct place *at, void *out)
{
	struct buf CLEANUP_BUF shown = {0};
	struct span text;
	struct err err;
	bool expanded;

	if (node->kind != NODE_SCALAR) {
		binder_fault_type(b, f, node, at);
		return;
	}
	if (!binder_expand(b, node, at, false, &text, &expanded) || !parse_scalar(b->a, f, text, out, &err))
		return;
	if (shows_value(f->type) && !expanded)
		binder_put_name(&shown, text);
	fault(b, node, at, "%s%s%s%s", shown.len ? "\"" : "", shown.len ? shown.data : "", shown.len ? "\": " : "",
	      err.text);
}

/* One text of a list or a map; NULL after a fault. */
static const char *bind_text_item(struct binder *b, const struct node *node, const struct place *at)
{
	static const struct field item = {.name = "item", .type = FIELD_STRING};
	const char *text = NULL;

	if (node->reported)
		return NULL;
	if (node->kind != NODE_SCALAR || node_is_null(node))
		fault(b, node, at, "expected a text, found %s; write 'text'",
		      node->kind == NODE_SCALAR ? "nothing" : node_kind_name(node));
	else
		bind_scalar(b, &item, node, at, (void *)&text);
	return text;
}

/* Where a row names what its texts may be. */
static void check_choice(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                         const char *text)
{
	struct span typed = span_of(text), best = {NULL, 0};
	struct buf CLEANUP_BUF known = {0};
	size_t least = SIZE_MAX, n = 0;

	for (size_t i = 0; f->names[i]; i++) {
		if (!strcmp(f->names[i], text))
			return;
		nearest_consider(typed, span_of(f->names[i]), &best, &least);
	}
	if (best.len) {
		fault(b, node, at, "there is no %.*s here; write %s", (int)nearest_showable(typed).len, text, best.s);
		return;
	}
	for (; f->names[n] && n < KNOWN_SHOWN; n++)
		buf_printf(&known, "%s%s", n ? ", " : "", f->names[n]);
	fault(b, node, at, "there is no such choice; write one of: %s%s", known.len ? known.data : "(none)",
	      n && f->names[n] ? " …" : "");
}

static void bind_list_item(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                           struct string_list *out)
{
	const char *text = bind_text_item(b, node, at);

	if (text && f->names)
		check_choice(b, f, node, at, text);
	out->items[out->n++] = text;
}

void bind_string_list(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                      struct string_list *out)
{
	bool single = f->single_too && node->kind == NODE_SCALAR && !node_is_null(node);

	if (node->kind != NODE_LIST && !single) {
		binder_fault_type(b, f, node, at);
		return;
	}
	out->items = ARENA_ARRAY(b->a, const char *, single ? 1 : node->n);
	if (single)
		bind_list_item(b, f, node, at, out);
	for (const struct node *item = single ? NULL : node->first; item; item = item->next)
		bind_list_item(b, f, item, at, out);
}

/* The short form of a map whose texts are its keys. */
static void bind_names(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                       struct string_map *out)
{
	out->items = ARENA_ARRAY(b->a, struct string_pair, node->n);
	for (const struct node *item = node->first; item; item = item->next) {
		const char *text = bind_text_item(b, item, at);

		if (text && f->key_ok && !f->key_ok(text))
			fault(b, item, at, "\"%.*s\" cannot be a key here; use %s",
			      (int)nearest_showable(span_of(text)).len, text, f->key_rule);
		out->items[out->n++] = (struct string_pair){text, text};
	}
}

void bind_string_map(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                     struct string_map *out)
{
	static const struct field key_field = {.name = "key", .type = FIELD_STRING};

	if (node->kind == NODE_LIST && f->names_too) {
		bind_names(b, f, node, at, out);
		return;
	}
	if (node->kind != NODE_MAP) {
		binder_fault_type(b, f, node, at);
		return;
	}
	out->items = ARENA_ARRAY(b->a, struct string_pair, node->n);
	for (const struct node *key = node->first; key; key = key->next) {
		struct string_pair *pair = &out->items[out->n++];
		bool loose = node->flow && node_is_null(key->value); /* {a: 1,2}: may be the rest of a secret */
		struct place place = {at, loose ? SPAN("") : key->text};
		struct err err;

		if (key->reported)
			continue;
		if (parse_scalar(b->a, &key_field, key->text, (void *)&pair->key, &err) < 0)
			fault(b, key, at, "the key is %s", err.text);
		else if (f->key_ok && !f->key_ok(pair->key))
			fault(b, key, at, "\"%.*s\" cannot be a key here; use %s", (int)nearest_showable(key->text).len,
			      key->text.s, f->key_rule);
		if (key->text.len > KEY_MAX)
			fault(b, key, at, "a key of more than %d bytes; shorten it", KEY_MAX);
		pair->value =
			f->names_too && node_is_null(key->value) ? pair->key : bind_text_item(b, key->value, &place);
	}
}
