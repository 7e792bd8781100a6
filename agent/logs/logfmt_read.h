/* The pairs of a logfmt line: level=info msg="all is well" done. Pure but for the arena; any thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/scan.h"

/* The next pair; a key without = has an empty value. Words that are no pair are passed over. False at the end. */
bool logfmt_next(struct arena *a, struct span *rest, struct span *key, struct span *value);
