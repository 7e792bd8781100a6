#include "metric/promtext_inside.h"

enum { TABLE_FIRST = 64 };

uint64_t promtext_hash(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * UINT64_C(1099511628211);
	return hash;
}

uint64_t promtext_hash_text(uint64_t hash, const char *s)
{
	return promtext_hash(hash, s, strlen(s) + 1);
}

uint64_t promtext_never_zero(uint64_t hash)
{
	return hash ? hash : 1;
}

struct promtext_slot *promtext_slot_of(const struct promtext_table *t, uint64_t hash, const char *name)
{
	size_t i = (size_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->size - 1);

	while (t->slots[i].hash && (t->slots[i].hash != hash || (name && strcmp(t->slots[i].family->name, name) != 0)))
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static void grow(struct promtext_table *t, struct arena *a, bool named)
{
	struct promtext_table bigger = {.size = t->size ? t->size * 2 : TABLE_FIRST, .used = t->used};

	bigger.slots = ARENA_ARRAY(a, struct promtext_slot, bigger.size);
	for (size_t i = 0; i < t->size; i++) {
		const struct promtext_slot *s = &t->slots[i];

		if (s->hash)
			*promtext_slot_of(&bigger, s->hash, named ? s->family->name : NULL) = *s;
	}
	*t = bigger;
}

struct promtext_slot *promtext_look_up(struct promtext_table *t, struct arena *a, uint64_t hash, const char *name)
{
	if (t->used * 2 >= t->size)
		grow(t, a, name);
	return promtext_slot_of(t, hash, name);
}

void promtext_put(struct promtext_table *t, struct promtext_slot *slot, uint64_t hash)
{
	slot->hash = hash;
	t->used++;
}

struct promtext_family *promtext_find_family(struct text *t, const char *name)
{
	return promtext_look_up(&t->families, t->arena,
	                        promtext_never_zero(promtext_hash_text(PROMTEXT_HASH_START, name)), name)
	        ->family;
}

struct promtext_family *promtext_get_family(struct text *t, const char *name)
{
	uint64_t hash = promtext_never_zero(promtext_hash_text(PROMTEXT_HASH_START, name));
	struct promtext_slot *slot = promtext_look_up(&t->families, t->arena, hash, name);
	struct promtext_family *f = slot->family;

	if (f)
		return f;
	f = ARENA_NEW(t->arena, struct promtext_family);
	f->desc = (struct metric_desc){.name = name, .help = "No help was given.", .type = METRIC_UNTYPED};
	f->name = name;
	f->line = t->line;
	slot->family = f;
	promtext_put(&t->families, slot, hash);
	return f;
}
