#include "logs/stages/common_hold.h"

#include "base/clock.h"

enum { TEXT_KEPT = 64 * 1024 };

static const int64_t PIECES_WAIT_NS = 3 * NS_PER_S; /* they are written at once */

uint64_t hold_key(const struct log_entry *e)
{
	return log_pairs_hash(&e->labels);
}

struct hold *hold_find(struct holds *h, uint64_t key)
{
	for (size_t i = 0; i < HOLD_SLOTS; i++)
		if (h->slots[i].used && h->slots[i].key == key)
			return &h->slots[i];
	return NULL;
}

static struct hold *room(struct stage *s, struct holds *h)
{
	struct hold *first = &h->slots[0];

	for (size_t i = 0; i < HOLD_SLOTS; i++) {
		if (!h->slots[i].used)
			return &h->slots[i];
		if (h->slots[i].due_ns < first->due_ns)
			first = &h->slots[i];
	}
	hold_emit(s, first);
	return first;
}

static void copy_pairs(struct arena *a, const struct log_pairs *from, struct log_pairs *to)
{
	for (to->n = 0; to->n < from->n; to->n++)
		to->items[to->n] = (struct log_pair){span_keep(a, from->items[to->n].name),
		                                     span_keep(a, from->items[to->n].value)};
}

struct hold *hold_begin(struct stage *s, const struct log_entry *e, uint64_t key)
{
	struct hold *h = room(s, s->state);

	h->used = true;
	h->key = key;
	h->lines = 1;
	log_entry_init(&h->entry, &h->arena);
	copy_pairs(&h->arena, &e->labels, &h->entry.labels);
	copy_pairs(&h->arena, &e->metadata, &h->entry.metadata);
	copy_pairs(&h->arena, &e->extracted, &h->entry.extracted);
	h->entry.timestamp_ns = e->timestamp_ns;
	h->entry.tenant = e->tenant ? arena_strdup(&h->arena, e->tenant) : NULL;
	h->entry.begin = e->begin;
	h->entry.end = e->end;
	buf_put(&h->text, e->line.s, e->line.len);
	return h;
}

void hold_add(struct hold *h, const struct log_entry *e, const char *separator)
{
	buf_puts(&h->text, separator);
	buf_put(&h->text, e->line.s, e->line.len);
	h->lines++;
	if (e->end > h->entry.end)
		h->entry.end = e->end;
}

void hold_emit(struct stage *s, struct hold *h)
{
	h->entry.line = (struct span){h->text.data ? h->text.data : "", h->text.len};
	h->used = false;
	stage_emit(s, &h->entry);
	arena_reset(&h->arena);
	if (h->text.cap > TEXT_KEPT)
		buf_fini(&h->text);
	else
		buf_reset(&h->text);
}

/* In the order in which they began, as far as there is one. */
void hold_flush(struct stage *s, int64_t now_ns, bool end)
{
	struct holds *all = s->state;

	for (;;) {
		struct hold *first = NULL;

		for (size_t i = 0; i < HOLD_SLOTS; i++) {
			struct hold *h = &all->slots[i];

			if (h->used && (end || h->due_ns <= now_ns) && (!first || h->entry.begin < first->entry.begin))
				first = h;
		}
		if (!first)
			return;
		hold_emit(s, first);
	}
}

int64_t hold_due_ns(const struct stage *s)
{
	const struct holds *all = s->state;
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < HOLD_SLOTS; i++)
		if (all->slots[i].used && all->slots[i].due_ns < due)
			due = all->slots[i].due_ns;
	return due;
}

uint64_t hold_from(const struct stage *s)
{
	const struct holds *all = s->state;
	uint64_t from = UINT64_MAX;

	for (size_t i = 0; i < HOLD_SLOTS; i++)
		if (all->slots[i].used && all->slots[i].entry.begin < from)
			from = all->slots[i].entry.begin;
	return from;
}

void hold_fini(struct stage *s)
{
	struct holds *all = s->state;

	for (size_t i = 0; i < HOLD_SLOTS; i++) {
		arena_fini(&all->slots[i].arena);
		buf_fini(&all->slots[i].text);
	}
}

enum stage_result hold_piece(struct stage *s, struct log_entry *e, bool whole, uint64_t max_bytes)
{
	uint64_t key = hold_key(e);
	struct hold *held = hold_find(s->state, key);

	if (held && held->text.len + e->line.len > max_bytes) {
		stage_fail(s, "line too long");
		hold_emit(s, held);
		held = NULL;
	}
	if (whole && !held)
		return STAGE_NEXT;
	if (held)
		hold_add(held, e, "");
	else
		held = hold_begin(s, e, key);
	held->due_ns = stage_now_ns(s) + PIECES_WAIT_NS;
	if (whole)
		hold_emit(s, held);
	return STAGE_HELD;
}
