/* Compiled patterns: PCRE2 without its compiler to machine code, which would need writable and executable memory.
 *
 * A pattern lives in the arena and is immutable: any thread may match (regex_match, in field.h). Patterns mean
 * what they mean to Go programs where the two differ cheaply: $ is the very end, bytes that are no UTF-8 match
 * nothing but themselves. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"
#include "config/field.h"

enum { REGEX_MAX_PATTERN = 8192 };

/* The message is PCRE2's, with the offset in the pattern, never the pattern. */
MUST_CHECK int regex_compile(struct arena *a, struct span pattern, const struct regex **out, struct err *err);

const char *regex_pattern(const struct regex *re);
