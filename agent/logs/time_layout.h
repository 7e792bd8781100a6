/* Go's way to write the format of a time: as the second of January 2006, 15:04:05, would look. Pure, any thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

/* Whether it is one: it holds a piece of that time, and no directive of ours. */
bool time_layout_is(const char *layout);

/* The same in our directives, and "%." for a fraction of a second that may be there; NULL where it holds a piece that
 * there is no directive for: the day of the year. */
const char *time_layout_spell_out(struct arena *a, const char *layout);
