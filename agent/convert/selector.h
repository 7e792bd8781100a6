/* LogQL's stream selectors with line filters, as Promtail's match has them: {app="x", level=~"e.*"} |= "text". Pure but
 * for the arena. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

enum { SELECTOR_PARTS = 32 };

struct selector_part {
	const char *label; /* NULL: a filter of the line */
	const char *value;
	bool regex, negated;
};

struct selector {
	struct selector_part parts[SELECTOR_PARTS];
	size_t n;
};

/* -1 with a sentence where it is anything else. */
MUST_CHECK int selector_parse(struct arena *a, struct span text, struct selector *out, struct err *err);
