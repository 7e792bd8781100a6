/* One error: a sentence in a fixed buffer on the caller's stack.
 *
 * A fallible function takes `struct err *` last, returns 0 or -1, and leaves the buffer alone on success.
 * Return an error or log it, never both. Any thread. */
#pragma once

#include "base/attr.h"

struct err {
	char text[240];
};

/* Sets the text (truncated where too long) and returns -1, so that callers can `return err_set(…)`. */
int err_set(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* As err_set, followed by ": " and the text of errno as it was on entry. */
int err_errno(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* Puts "context: " before the text that is there and returns -1. */
int err_wrap(struct err *err, const char *fmt, ...) PRINTF(2, 3);
