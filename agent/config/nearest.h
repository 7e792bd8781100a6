/* The word that was probably meant. Pure, any thread. */
#pragma once

#include "base/scan.h"

enum { NEAREST_MAX = 64 };

/* Typing errors between two words: letters too many, missing, other, or two swapped. SIZE_MAX for words longer
 * than NEAREST_MAX. */
size_t nearest_distance(struct span a, struct span b);

/* How far apart two words may be to be taken for one. */
bool nearest_likely(struct span typed, struct span known, size_t distance);
