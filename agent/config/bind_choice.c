#include "config/binder.h"
#include "config/parse.h"

static void bind_choice(struct binder *b, const struct field *choices, const struct node *item, const struct place *at,
                        struct chosen *out)
{
	const struct node *key = item->first;
	const struct field *f = choices;
	struct place place;
	void *value;

	while (f->name && !span_eq(key->text, f->name))
		f++;
	if (!f->name) {
		binder_fault_unknown(b, choices, item, key, at);
		return;
	}
	place = (struct place){at, span_of(f->name)};
	value = arena_zalloc(b->a, f->type == FIELD_STRUCT ? f->item_size : bind_size(f));
	*out = (struct chosen){f, value};
	if (f->type == FIELD_STRUCT && node_is_null(key->value))
		bind_empty(b, f, key, &place, value);
	else
		bind_value(b, f, key->value, &place, value);
}

static void check_choices(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                          const struct list *list)
{
	const struct chosen *choices = list->items;
	const struct node *item = node->first;
	struct err err;

	for (size_t i = 0; f->check && i < list->n; i++, item = item->next) {
		struct place place = {at, span_of(choices[i].field->name)};

		if (f->check(f, list, i, &err) < 0)
			fault(b, item, &place, "%s", err.text);
	}
}

void bind_choices(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                  struct list *out)
{
	size_t before = b->faults->n;
	struct chosen *choices;

	if (node->kind != NODE_LIST) {
		binder_fault_type(b, f, node, at);
		return;
	}
	if (node->n > BIND_ITEMS_MAX) {
		fault(b, node, at, "%zu items; write at most %d", node->n, BIND_ITEMS_MAX);
		return;
	}
	choices = ARENA_ARRAY(b->a, struct chosen, node->n);
	*out = (struct list){choices, node->n};
	for (const struct node *item = node->first; item; item = item->next, choices++) {
		if (item->reported)
			continue;
		if (item->kind != NODE_MAP || item->n != 1)
			fault(b, item, at, "expected a section of one key as item, found %s; write - %s: %s",
			      item->kind == NODE_MAP ? "several keys or none" : node_kind_name(item), f->fields->name,
			      binder_example(f->fields));
		else if (!item->first->reported)
			bind_choice(b, f->fields, item, at, choices);
	}
	if (b->faults->n == before)
		check_choices(b, f, node, at, out);
}
