/* Single values between text and struct: what a row's default, the file and an expanded variable have in common.
 *
 * Messages never hold the value itself: it may have come from a variable that is secret. Pure functions besides
 * the arena they fill; any thread. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/scan.h"
#include "config/field.h"

/* Rows of these types are one text: all but FIELD_SECRET and those that hold others. */
bool parse_is_scalar(enum field_type type);

/* Stores the value of a scalar row at `out`, within the row's limits. */
MUST_CHECK int parse_scalar(struct arena *a, const struct field *f, struct span text, void *out, struct err *err);

/* What kind of value a row wants and how one is written: "a duration", "5s". */
const char *parse_type_name(enum field_type type);
const char *parse_type_example(enum field_type type);

/* The shortest text that parses as the same value. */
void format_duration(struct buf *out, int64_t ns);
void format_size(struct buf *out, uint64_t bytes);
