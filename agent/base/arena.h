/* A bump allocator: everything in it has one lifetime and is freed together.
 *
 * The arena is the first parameter of whatever returns memory. It is owned by one thread at a time.
 * Out of memory aborts: inputs are bounded, so it means a bug or a dying machine.
 * Under ASan each allocation is a malloc of its own, so that overruns are seen. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* the newest first */
	char *free;
	char *end;
	size_t allocated; /* bytes taken from the heap */
};

/* A zeroed struct is a valid, empty arena; init only says so. fini accepts both. */
void arena_init(struct arena *a);
void arena_fini(struct arena *a);

/* Forgets everything but keeps as much memory (up to 1 MiB), so that the next round allocates nothing. */
void arena_reset(struct arena *a);

/* Never NULL; aligned for any type; not zeroed. size 0 is allowed. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);

/* Gives back the tail of the newest allocation `p` (of old_size bytes), of which `used` stay. */
void arena_trim(struct arena *a, void *p, size_t old_size, size_t used);

char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

#define ARENA_NEW(a, type)      ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (size_t)(n)))
