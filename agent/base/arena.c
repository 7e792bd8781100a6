#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_EMULATE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_EMULATE 1
#endif
#endif
#ifndef ARENA_EMULATE
#define ARENA_EMULATE 0
#endif

enum {
	CHUNK_MIN = 16 * 1024,
	CHUNK_MAX = 1024 * 1024,
	ALIGN = alignof(max_align_t),
};

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* of data */
	alignas(max_align_t) char data[];
};

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void *must_alloc(size_t size)
{
	void *p = malloc(size);

	if (!p) {
		fputs("vedette: out of memory\n", stderr);
		abort();
	}
	return p;
}

void arena_init(struct arena *a)
{
	*a = (struct arena){0};
}

static void free_chunks(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
}

void arena_fini(struct arena *a)
{
	free_chunks(a->chunks);
	arena_init(a);
}

static void add_chunk(struct arena *a, size_t at_least)
{
	size_t size = a->allocated < CHUNK_MIN ? CHUNK_MIN : a->allocated;
	struct arena_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (ARENA_EMULATE || size < at_least)
		size = at_least;
	c = must_alloc(sizeof(*c) + size);
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->free = c->data;
	a->end = c->data + size;
	a->allocated += size;
}

/* One chunk as large as all of them were, so that the same work fits the next time. */
void arena_reset(struct arena *a)
{
	size_t total = a->allocated;
	struct arena_chunk *only = a->chunks && !a->chunks->next ? a->chunks : NULL;

	if (only && !ARENA_EMULATE) {
		a->free = only->data;
		return;
	}
	arena_fini(a);
	if (total && !ARENA_EMULATE)
		add_chunk(a, total < CHUNK_MAX ? total : CHUNK_MAX);
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t need = ARENA_EMULATE ? size : aligned(size);
	char *p;

	assert(size <= SIZE_MAX / 2);
	if (ARENA_EMULATE || !a->free || (size_t)(a->end - a->free) < need)
		add_chunk(a, need);
	p = a->free;
	a->free += need;
	return p;
}

void *arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

void arena_trim(struct arena *a, void *p, size_t old_size, size_t used)
{
	assert(used <= old_size);
	if (ARENA_EMULATE)
		return;
	assert((char *)p + aligned(old_size) == a->free);
	a->free = (char *)p + aligned(used);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	assert(n >= 0);
	text = arena_alloc(a, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return text;
}
