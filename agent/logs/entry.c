#include "logs/entry.h"

#include "logs/digest.h"

static struct log_pairs pairs_in(struct arena *a, size_t max)
{
	return (struct log_pairs){.items = arena_alloc(a, max * sizeof(struct log_pair)), .max = max};
}

void log_entry_init(struct log_entry *e, struct arena *arena)
{
	*e = (struct log_entry){.arena = arena};
	e->labels = pairs_in(arena, LOG_MAX_LABELS);
	e->metadata = pairs_in(arena, LOG_MAX_METADATA);
	e->extracted = pairs_in(arena, LOG_MAX_EXTRACTED);
}

bool span_same(struct span a, struct span b)
{
	return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

struct span span_keep(struct arena *a, struct span s)
{
	char *copy = arena_alloc(a, s.len);

	if (s.len)
		memcpy(copy, s.s, s.len);
	return (struct span){copy, s.len};
}

static struct log_pair *find(const struct log_pairs *pairs, struct span name)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (span_same(pairs->items[i].name, name))
			return &pairs->items[i];
	return NULL;
}

const struct span *log_pairs_find(const struct log_pairs *pairs, struct span name)
{
	const struct log_pair *pair = find(pairs, name);

	return pair ? &pair->value : NULL;
}

bool log_pairs_set(struct log_pairs *pairs, struct span name, struct span value)
{
	struct log_pair *pair = find(pairs, name);

	if (!pair && pairs->n == pairs->max)
		return false;
	if (!pair)
		pair = &pairs->items[pairs->n++];
	*pair = (struct log_pair){name, value};
	return true;
}

void log_pairs_remove(struct log_pairs *pairs, struct span name)
{
	struct log_pair *pair = find(pairs, name);

	if (!pair)
		return;
	pairs->n--;
	memmove(pair, pair + 1, (size_t)(pairs->items + pairs->n - pair) * sizeof(*pair));
}

static uint64_t hash_span(uint64_t h, struct span s)
{
	h = (h ^ digest(s.s, s.len)) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 32);
}

uint64_t log_pairs_hash(const struct log_pairs *pairs)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < pairs->n; i++)
		h = hash_span(hash_span(h, pairs->items[i].name), pairs->items[i].value);
	return h;
}
