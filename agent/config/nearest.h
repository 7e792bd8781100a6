/* The word that was probably meant. Pure, any thread. */
#pragma once

#include "base/scan.h"

enum { NEAREST_MAX = 64 };

/* Takes `known` as *best where it is so near to what was typed that it was probably meant, and nearer than *least
 * typing errors. Begin with SIZE_MAX. */
void nearest_consider(struct span typed, struct span known, struct span *best, size_t *least);

/* The part of an unknown word that may be shown: behind its first odd character, a piece of a secret may have got
 * into it through a forgotten space or comma. */
struct span nearest_showable(struct span word);
