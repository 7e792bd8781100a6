/* Times: the first line is a format, the rest the text. What is read lies between 1970 and 2262. */
#include <assert.h>

#include "base/clock.h"
#include "logs/time_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span rest = {(const char *)data, size}, format;
	const struct time_format *f;
	struct err err = {""};
	int64_t ns = -1;

	if (!scan_until(&rest, '\n', &format))
		return 0;
	if (time_format_compile(&a, arena_strndup(&a, format.s, format.len), "UTC", &f, &err) < 0) {
		assert(*err.text);
		return 0;
	}
	if (time_parse(f, rest, INT64_C(1772452800) * NS_PER_S, &ns))
		assert(ns >= 0);
	else
		assert(ns == -1);
	ns = -1;
	assert(time_parse_rfc3339(rest, &ns) == (ns >= 0));
	return 0;
}
