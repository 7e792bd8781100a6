/* Some fields out of a JSON text, in one pass and without a tree: what a log line needs, a thousand times a second.
 *
 * The whole text is checked, so that a line which is cut off or only looks like JSON gives no fields at all. As other
 * readers do, the last of several keys of one name counts. Pure but for the arena, which only strings with escapes
 * need; any thread. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/scan.h"

enum { JSON_MAX_WANTS = 64, JSON_MAX_STEPS = 16, JSON_MAX_DEPTH = 512 };

/* A field: the keys that lead to it through objects. */
struct json_want {
	struct span steps[JSON_MAX_STEPS];
	size_t n;
};

enum json_kind {
	JSON_READ_ABSENT,
	JSON_READ_NULL,
	JSON_READ_STRING, /* text is the string, without quotes and escapes; what is no character becomes U+FFFD */
	JSON_READ_RAW,    /* text is the number, true, false, object or array as it is written */
};

struct json_value {
	enum json_kind kind;
	struct span text;
};

/* Splits "a.b.c" at its dots; false when there are too many steps or an empty one. The steps borrow from `path`. */
bool json_want_parse(struct span path, struct json_want *out);

/* False when the text is no JSON object; out has n values, all of them set. */
bool json_read(struct arena *a, struct span text, const struct json_want *wants, size_t n, struct json_value *out);

/* The quoted string that *rest begins with, without quotes and escapes; false, and nothing changed, where it begins
 * with none. Advances *rest. */
bool json_read_string(struct arena *a, struct span *rest, struct span *out);
