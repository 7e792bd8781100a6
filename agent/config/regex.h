/* Compiled patterns: PCRE2 without its compiler to machine code, which would need writable and executable memory.
 *
 * A pattern lives in the arena and is immutable: any thread may match (regex_match, in field.h). Patterns mean
 * what they mean to Go programs where the two differ cheaply: $ is the very end, bytes that are no UTF-8 match
 * nothing but themselves.
 *
 * A match takes some 20 ms of CPU time at most, whatever pattern and subject are, and all searches for further matches
 * in one subject together a microsecond for each byte more; then it is given up. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"
#include "config/field.h"

enum { REGEX_MAX_PATTERN = 8192, REGEX_MAX_GROUPS = 32 /* the whole match is the first */ };

enum regex_result { REGEX_NO_MATCH, REGEX_MATCH, REGEX_LIMIT /* given up: it went over its limits */ };

/* The message is PCRE2's, with the offset in the pattern, never the pattern. */
MUST_CHECK int regex_compile(struct arena *a, struct span pattern, const struct regex **out, struct err *err);

const char *regex_pattern(const struct regex *re);

/* Groups of the pattern, the whole match included, and the name of one: NULL for a group without. */
size_t regex_groups(const struct regex *re);
const char *regex_group_name(const struct regex *re, size_t group);

/* The first match at or behind `from`, which is 0 unless the subject is valid UTF-8. groups has room for
 * REGEX_MAX_GROUPS; one that took no part has a NULL text. Patterns of more groups match, and give as many. */
enum regex_result regex_find(const struct regex *re, struct span subject, size_t from, struct span *groups);
