#include "logs/batch.h"

#include <stdlib.h>

#include "base/clock.h"

struct batch *batch_new(size_t max_bytes)
{
	struct batch *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->max_bytes = max_bytes;
	return b;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	arena_fini(&b->arena);
	free(b->entries);
	free(b->times);
	free(b->owners);
	free(b);
}

void batch_reset(struct batch *b, uint64_t number)
{
	b->number = number;
	b->bytes = b->n = b->n_streams = b->n_files = b->n_cursors = 0;
	b->looked = 0;
	b->tenant[0] = '\0';
	arena_reset(&b->arena);
}

bool batch_empty(const struct batch *b)
{
	return !b->n && !b->n_files && !b->n_cursors;
}

static size_t cost(const struct log_entry *e)
{
	size_t bytes = e->line.len + BATCH_ENTRY_BYTES;

	for (size_t i = 0; i < e->metadata.n; i++)
		bytes += e->metadata.items[i].name.len + e->metadata.items[i].value.len + BATCH_ENTRY_BYTES;
	return bytes;
}

bool batch_fits(const struct batch *b, const struct log_entry *e, const struct stream *s)
{
	const char *tenant = e->tenant ? e->tenant : "";

	if (!b->n)
		return true;
	return b->bytes + cost(e) <= b->max_bytes && strcmp(b->tenant, tenant) == 0 &&
	       (s->batch == b->number || b->n_streams < CHECKPOINT_MAX);
}

static void *grown(void *items, size_t n, size_t item_size)
{
	void *more = reallocarray(items, n, item_size);

	if (!more)
		abort();
	return more;
}

static void make_room(struct batch *b)
{
	if (b->n < b->room)
		return;
	b->room = b->room ? b->room * 2 : 1024;
	b->entries = grown(b->entries, b->room, sizeof(*b->entries));
	b->times = grown(b->times, b->room, sizeof(*b->times));
	b->owners = grown(b->owners, b->room, sizeof(*b->owners));
	for (size_t i = 0; i < b->n; i++)
		b->entries[i].timestamp = &b->times[i];
}

static ProtobufCBinaryData copy(struct batch *b, struct span s)
{
	struct span kept = span_keep(&b->arena, s);

	return (ProtobufCBinaryData){kept.len, (uint8_t *)(uintptr_t)kept.s};
}

static void copy_metadata(struct batch *b, const struct log_pairs *from, Push__Entry *to)
{
	Push__Pair *pairs = ARENA_ARRAY(&b->arena, Push__Pair, from->n);

	to->metadata = ARENA_ARRAY(&b->arena, Push__Pair *, from->n);
	to->n_metadata = from->n;
	for (size_t i = 0; i < from->n; i++) {
		push__pair__init(&pairs[i]);
		pairs[i].name = copy(b, from->items[i].name);
		pairs[i].value = copy(b, from->items[i].value);
		to->metadata[i] = &pairs[i];
	}
}

static void join_stream(struct batch *b, struct stream *s)
{
	if (s->batch == b->number)
		return;
	s->batch = b->number;
	s->slot = b->n_streams++;
	b->streams[s->slot] = (struct batch_stream){.stream = s, .labels = arena_strdup(&b->arena, s->labels)};
}

void batch_add(struct batch *b, const struct log_entry *e, struct stream *s)
{
	Push__Entry *entry;
	int64_t ns = stream_time(s, e->timestamp_ns);

	if (!b->n) {
		b->started_ns = clock_mono_ns();
		b->read_real_ns = clock_real_ns();
		snprintf(b->tenant, sizeof(b->tenant), "%s", e->tenant ? e->tenant : "");
	}
	make_room(b);
	join_stream(b, s);
	b->streams[s->slot].n++;
	entry = &b->entries[b->n];
	push__entry__init(entry);
	push__time__init(&b->times[b->n]);
	b->times[b->n].seconds = ns / NS_PER_S;
	b->times[b->n].nanos = (int32_t)(ns % NS_PER_S);
	entry->timestamp = &b->times[b->n];
	entry->line = copy(b, e->line);
	if (e->metadata.n)
		copy_metadata(b, &e->metadata, entry);
	b->owners[b->n++] = (uint32_t)s->slot;
	b->bytes += cost(e);
}

bool batch_add_position(struct batch *b, const struct position *position)
{
	if (b->n_files == CHECKPOINT_MAX)
		return false;
	b->files[b->n_files++] = *position;
	return true;
}

bool batch_add_cursor(struct batch *b, uint64_t source, const char *cursor)
{
	struct cursor *c = &b->cursors[b->n_cursors];

	if (b->n_cursors == CURSORS_MAX)
		return false;
	c->source = source;
	snprintf(c->text, sizeof(c->text), "%s", cursor);
	b->n_cursors++;
	return true;
}

void batch_seal(struct batch *b)
{
	for (size_t i = 0; i < b->n_streams; i++)
		b->ties[i] = stream_tie(b->streams[i].stream);
}

struct checkpoint batch_checkpoint(struct batch *b)
{
	return (struct checkpoint){.number = b->number,
	                           .files = b->files,
	                           .n_files = b->n_files,
	                           .ties = b->ties,
	                           .n_ties = b->n_streams,
	                           .cursors = b->cursors,
	                           .n_cursors = b->n_cursors,
	                           .looked = b->looked};
}
