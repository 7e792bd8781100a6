/* Expressions of stages, however odd, on lines, however odd: each search ends, and groups lie within the line. The
 * input's first line is the expression, the rest the line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "config/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void search(const struct regex *re, struct span line)
{
	struct span groups[REGEX_MAX_GROUPS];
	size_t from = 0;

	for (int i = 0; i < 100 && from <= line.len; i++) {
		if (regex_find(re, line, from, groups) != REGEX_MATCH)
			return;
		for (size_t g = 0; g < regex_groups(re); g++)
			if (groups[g].s && (groups[g].s < line.s || groups[g].s + groups[g].len > line.s + line.len))
				abort();
		from = (size_t)(groups[0].s - line.s) + groups[0].len + !groups[0].len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span rest = {(const char *)data, size}, pattern;
	const struct regex *re;
	struct err err;

	if (!size || !scan_until(&rest, '\n', &pattern) || regex_compile(&a, pattern, &re, &err) < 0)
		return 0;
	(void)regex_match(re, rest.s, rest.len);
	if (utf8_valid(rest.s, rest.len))
		search(re, rest);
	return 0;
}
