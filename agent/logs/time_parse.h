/* Times as logs write them: a few named formats, and layouts in the manner of strptime.
 *
 * A compiled format lives in the arena and is immutable. Parsing is pure; any thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

struct time_format;

/* rfc3339 (with any fraction), unix, unix_ms, unix_us, unix_ns (each with a fraction, if there is one), Go's names for
 * its layouts, or a layout: %Y %y %m %d %e %b %B %H %I %M %S %f %p %z %Z %s %a %A %T %F %%, or one of Go's
 * (2006-01-02 15:04:05). zone: where times are that name none: UTC, an offset such as +02:00, or the name of a zone. */
MUST_CHECK int time_format_compile(struct arena *a, const char *format, const char *zone,
                                   const struct time_format **out, struct err *err);

/* Nanoseconds since 1970; false for what does not fit the format, or no time from 1970 to 2261. now_ns gives the year
 * where the format has none. */
bool time_parse(const struct time_format *f, struct span text, int64_t now_ns, int64_t *out);

/* 2006-01-02T15:04:05[.999999999](Z|+01:00), and a space for the T. */
bool time_parse_rfc3339(struct span text, int64_t *out);
