/* Time zones by their names, from the system's files (TZif, as tzdata has them); libc knows one zone at a time.
 *
 * A loaded zone lives in the arena and is immutable; any thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

struct time_zone;

/* "Europe/Berlin", below $TZDIR or /usr/share/zoneinfo; "Local" is /etc/localtime. The error says what to do. */
MUST_CHECK int time_zone_load(struct arena *a, const char *name, const struct time_zone **out, struct err *err);

/* What clocks there are ahead of UTC when they show that, given as seconds since 1970 as if it were UTC. An hour that
 * is shown twice is told from the change nearest before it, and one that is left out counts on, both as Go's programs
 * do. */
int64_t time_zone_offset(const struct time_zone *z, int64_t shown_s);

/* The same for an abbreviation that is used there, such as CEST; false for others. */
bool time_zone_abbreviation(const struct time_zone *z, struct span name, int64_t *offset_s);
