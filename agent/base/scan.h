/* A cursor over a text: lines, and fields within a line, without copying.
 *
 * A `struct span` borrows; it stays valid as long as the text does and is not NUL-terminated.
 * Bytes are bytes: NUL and anything else may occur in a span. Any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *s;
	size_t len;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

static inline struct span span_of(const char *s)
{
	return (struct span){s, strlen(s)};
}

/* The next line without its newline (or the unfinished last one); false at the end. Advances *rest. */
bool scan_line(struct span *rest, struct span *line);

/* The next run of bytes other than space and tab; false when the line has no more. Advances *rest. */
bool scan_field(struct span *rest, struct span *field);

/* The next field as an unsigned number; false when missing or anything else. Advances *rest. */
bool scan_u64(struct span *rest, uint64_t *out);

/* Advances *rest behind the character where it begins with it; else false, and nothing changed. */
bool scan_char(struct span *rest, char c);

/* Splits at the first `c`: before it, and *rest after it; false (and nothing changed) when there is none. */
bool scan_until(struct span *rest, char c, struct span *before);

/* Without the white space at both ends (newline included). */
struct span span_trim(struct span s);

bool span_eq(struct span s, const char *text);
bool span_starts(struct span s, const char *prefix);

/* Copies into a fixed buffer, NUL-terminated; false when it does not fit or holds a NUL. */
bool span_copy(struct span s, char *out, size_t size);
