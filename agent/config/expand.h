/* ${NAME} and ${NAME:-default} in a value, replaced after the text was parsed: whatever a variable holds, it stays
 * one value and is not looked at again. $$ is a dollar; a lone $ stays, as regular expressions need it. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

enum { EXPAND_MAX = 1024 * 1024 };

/* *out is the text itself where there is nothing to replace (*expanded false). The result is in the arena,
 * NUL-terminated. The environment must not change meanwhile. */
MUST_CHECK int expand_env(struct arena *a, struct span text, struct span *out, bool *expanded, struct err *err);
