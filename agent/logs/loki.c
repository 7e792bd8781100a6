#include "logs/loki.h"

#include <snappy-c.h>
#include <stdlib.h>

#include "base/num.h"

/* Above any push of ours, also of one that a damaged file claims. */
enum { PUSH_MAX_BYTES = 16 * 1024 * 1024 };

struct encoder {
	char *packed, *compressed;
	size_t packed_room, compressed_room;
	Push__Entry **entries;
	size_t entries_room;
};

struct encoder *encoder_new(void)
{
	struct encoder *e = calloc(1, sizeof(*e));

	if (!e)
		abort();
	return e;
}

void encoder_free(struct encoder *e)
{
	if (!e)
		return;
	free(e->packed);
	free(e->compressed);
	free(e->entries);
	free(e);
}

static void *room(void *at, size_t *have, size_t want, size_t item_size)
{
	if (*have < want) {
		*have = want + want / 8;
		free(at);
		at = calloc(*have, item_size);
		if (!at)
			abort();
	}
	return at;
}

/* The entries of each stream in their order, side by side. */
static void group(struct encoder *e, struct batch *b, Push__Stream *streams, Push__Stream **pointers)
{
	size_t at = 0;

	for (size_t i = 0; i < b->n_streams; i++) {
		push__stream__init(&streams[i]);
		streams[i].labels = (char *)(uintptr_t)b->streams[i].labels;
		streams[i].entries = e->entries + at;
		at += b->streams[i].n;
		pointers[i] = &streams[i];
	}
	for (size_t i = 0; i < b->n; i++) {
		Push__Stream *s = &streams[b->owners[i]];

		s->entries[s->n_entries++] = &b->entries[i];
	}
}

static struct span pack(struct encoder *e, const Push__Request *request)
{
	size_t len = push__request__get_packed_size(request), out = snappy_max_compressed_length(len);

	e->packed = room(e->packed, &e->packed_room, len, 1);
	push__request__pack(request, (uint8_t *)e->packed);
	e->compressed = room(e->compressed, &e->compressed_room, out, 1);
	if (snappy_compress(e->packed, len, e->compressed, &out) != SNAPPY_OK)
		abort(); /* only for lack of room, which there is */
	return (struct span){e->compressed, out};
}

struct span encoder_encode(struct encoder *e, struct batch *b)
{
	Push__Stream streams[CHECKPOINT_MAX], *pointers[CHECKPOINT_MAX];
	Push__Request request = PUSH__REQUEST__INIT;

	e->entries = room(e->entries, &e->entries_room, b->n + 1, sizeof(Push__Entry *));
	request.streams = pointers;
	request.n_streams = b->n_streams;
	group(e, b, streams, pointers);
	return pack(e, &request);
}

Push__Request *loki_take_apart(struct span body)
{
	Push__Request *r = NULL;
	char *packed;
	size_t len;

	if (snappy_uncompressed_length(body.s, body.len, &len) != SNAPPY_OK || len > PUSH_MAX_BYTES)
		return NULL;
	packed = malloc(len + 1);
	if (!packed)
		abort();
	if (snappy_uncompress(body.s, body.len, packed, &len) == SNAPPY_OK)
		r = push__request__unpack(NULL, len, (const uint8_t *)packed);
	free(packed);
	return r;
}

void loki_free_request(Push__Request *r)
{
	if (r)
		push__request__free_unpacked(r, NULL);
}

size_t loki_count_entries(const Push__Request *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_streams; i++)
		n += r->streams[i]->n_entries;
	return n;
}

struct span encoder_encode_part(struct encoder *e, const Push__Request *r, size_t first, size_t last)
{
	Push__Stream streams[CHECKPOINT_MAX], *pointers[CHECKPOINT_MAX];
	Push__Request part = PUSH__REQUEST__INIT;

	part.streams = pointers;
	for (size_t i = 0, from = 0; i < r->n_streams && part.n_streams < CHECKPOINT_MAX; i++) {
		const Push__Stream *s = r->streams[i];
		size_t to = from + s->n_entries, begin = first > from ? first : from, end = last < to ? last : to;

		if (begin < end) {
			pointers[part.n_streams] = &streams[part.n_streams];
			streams[part.n_streams] = *s;
			streams[part.n_streams].entries = s->entries + (begin - from);
			streams[part.n_streams++].n_entries = end - begin;
		}
		from = to;
	}
	return pack(e, &part);
}

static bool holds(struct span text, const char *what)
{
	return memmem(text.s, text.len, what, strlen(what));
}

enum loki_verdict loki_verdict(int status, struct span text)
{
	switch (status) {
	case 204: return LOKI_DELIVERED;
	case 400:
	case 422: return LOKI_REFUSED;
	case 413: return LOKI_TOO_BIG;
	case 401:
	case 403:
	case 404:
	case 405: return LOKI_DENIED;
	case 429: return holds(text, "active stream limit") ? LOKI_STREAMS : LOKI_LATER;
	default: /* 5xx; 2xx and 3xx of whatever else is at that address */
		return status >= 400 && status < 500 && status != 408 ? LOKI_DENIED : LOKI_LATER;
	}
}

/* "total ignored: 3 out of 10 for stream" */
static bool take_total(struct span line, size_t *n)
{
	const char *at = memmem(line.s, line.len, "total ignored: ", 15);
	struct span rest;
	uint64_t count;

	if (!at)
		return false;
	rest = (struct span){at + 15, line.len - (size_t)(at + 15 - line.s)};
	if (!scan_u64(&rest, &count))
		return false;
	*n += count;
	return true;
}

/* "10 errors like: max entry size …" */
static bool take_like(struct span line, size_t *totals)
{
	uint64_t n;

	if (!scan_u64(&line, &n) || !span_starts(line, " errors like: "))
		return false;
	*totals += n;
	return true;
}

size_t loki_count_refused(struct span text, size_t all)
{
	size_t totals = 0, singles = 0;
	struct span line;

	while (scan_line(&text, &line)) {
		if (take_total(line, &totals) || take_like(line, &totals))
			continue;
		if (span_starts(line, "entry for stream ") || span_starts(line, "max entry size "))
			singles++;
	}
	totals += singles;
	return totals && totals < all ? totals : all;
}
