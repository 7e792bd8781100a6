/* The runbooks of rules/runbooks, as HTML, compiled in: whoever is called at night needs no other server for them.
 * The table is made by rules/runbooks_as_c.sh, sorted by name; it is constant, so any thread may read it. */
#pragma once

#include <stddef.h>

struct runbook {
	const char *alert;
	const char *html; /* what stands between <main> and </main> */
};

extern const struct runbook runbooks[];
extern const size_t n_runbooks;
