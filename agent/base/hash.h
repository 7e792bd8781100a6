/* A hash for tables in memory. Pure, any thread; not for what an enemy may choose without a bound on the table. */
#pragma once

#include <stdint.h>

/* FNV-1a, 32 bits. */
static inline uint32_t hash_text(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}
