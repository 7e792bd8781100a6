/* A hash for tables in memory. Pure, any thread; not for what an enemy may choose without a bound on the table. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* FNV-1a, 32 bits. */
static inline uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

/* Eight bytes at a time: for long texts, the same within one run of the program only. */
static inline uint32_t hash_bytes(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t h = n * UINT64_C(0x9e3779b97f4a7c15), word;

	for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	word = 0;
	memcpy(&word, p, n);
	h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
	return (uint32_t)(h >> 32);
}
