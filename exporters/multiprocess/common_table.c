/* Tables of texts. */
#include "exporters/multiprocess/common_merge.h"

enum { TABLE_FIRST = 64 };

static size_t slot_of(const struct table *t, struct span text, uint32_t hash)
{
	size_t i = hash & (t->size - 1);

	for (const struct table_item *item; (item = t->slots[i]); i = (i + 1) & (t->size - 1))
		if (item->hash == hash && item->len == text.len && !memcmp(item->text, text.s, text.len))
			break;
	return i;
}

void *table_find(const struct table *t, struct span text, uint32_t hash)
{
	return t->size ? t->slots[slot_of(t, text, hash)] : NULL;
}

static void grow(struct table *t, struct arena *a)
{
	struct table bigger = {.size = t->size ? t->size * 2 : TABLE_FIRST, .used = t->used};

	bigger.slots = ARENA_ARRAY(a, struct table_item *, bigger.size);
	for (size_t i = 0; i < t->size; i++) {
		struct table_item *item = t->slots[i];

		if (item)
			bigger.slots[slot_of(&bigger, (struct span){item->text, item->len}, item->hash)] = item;
	}
	*t = bigger;
}

void table_add(struct table *t, struct arena *a, struct table_item *item)
{
	if (t->used * 2 >= t->size)
		grow(t, a);
	t->slots[slot_of(t, (struct span){item->text, item->len}, item->hash)] = item;
	t->used++;
}
