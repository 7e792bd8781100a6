/* A 64-bit digest that tells files and torn writes apart; not for secrets. Pure, any thread. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline uint64_t digest(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ len, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	for (; len; p++, len--)
		h = (h ^ *p) * UINT64_C(1099511628211);
	return h ^ (h >> 29);
}
