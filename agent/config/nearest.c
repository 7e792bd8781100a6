#include "config/nearest.h"

#include <ctype.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Typing errors between two words: letters too many, missing, other, or two swapped. SIZE_MAX for words longer
 * than NEAREST_MAX. */
static size_t distance_of(struct span a, struct span b)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	if (a.len > NEAREST_MAX || b.len > NEAREST_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *old = before;

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t other = a.s[i - 1] != b.s[j - 1];

			row[j] = least(last[j - 1] + other, least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.s[i - 1] == b.s[j - 2] && a.s[i - 2] == b.s[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = old;
	}
	return last[b.len];
}

/* How far apart two words may be to be taken for one. */
static bool likely(struct span typed, struct span known, size_t distance)
{
	size_t longer = typed.len > known.len ? typed.len : known.len;

	return distance <= 1 + longer / 4 && distance < longer - longer / 3;
}

void nearest_consider(struct span typed, struct span known, struct span *best, size_t *least)
{
	size_t distance = distance_of(typed, known);

	if (distance < *least && likely(typed, known, distance)) {
		*best = known;
		*least = distance;
	}
}

struct span nearest_showable(struct span word)
{
	size_t n = 0;

	while (n < word.len && n < NEAREST_MAX && (isalnum((unsigned char)word.s[n]) || memchr("_-.", word.s[n], 3)))
		n++;
	return (struct span){word.s, n};
}
