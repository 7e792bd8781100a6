/* What a collector remembers from one collection to the next, under a key: when it did last what is not done in each
 * scrape, what came of it, and how often it failed.
 *
 * One belongs to one lane and is used on its thread; it owns copies of what is remembered, until the agent's end. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { MEMO_MAX_ENTRIES = 256, MEMO_MAX_BYTES = 64 * 1024 };

struct memo;

struct memo *memo_new(void);
void memo_free(struct memo *m); /* NULL is allowed */

/* What was remembered last, and when (monotonic); NULL: nothing, or with another length. Aligned for any type, and
 * valid until the key is written again. */
const void *memo_get(const struct memo *m, const char *key, size_t len, int64_t *stored_ns);

/* The same whatever its length, which is in *len. */
const void *memo_find(const struct memo *m, const char *key, size_t *len);

/* Remembers a copy of `len` bytes, at most MEMO_MAX_BYTES. Where there are MEMO_MAX_ENTRIES keys, the one that was
 * written longest ago is forgotten. */
void memo_put(struct memo *m, const char *key, const void *data, size_t len);
