/* Finds secrets in a text, in one pass without backtracking: the cost grows with the text and nothing else.
 * Pure but for the arena; any thread. */
#pragma once

#include "base/arena.h"
#include "base/scan.h"

enum redact_kind {
	REDACT_PASSWORD, /* password=…, "secret": "…", api_key: … */
	REDACT_BEARER,   /* Bearer …, Basic … */
	REDACT_JWT,      /* eyJ….….… */
	REDACT_DSN,      /* the password in scheme://user:password@host */
	REDACT_EMAIL,
};

/* The text with "<redacted>" for each secret of the kinds in the set (1 << REDACT_…); the same one where there is none.
 */
struct span redact(struct arena *a, struct span text, unsigned kinds);
