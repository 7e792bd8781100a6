/* The reader of logfmt: it ends, and what it finds lies in the line, or in memory of its own where it had escapes. */
#include <assert.h>

#include "logs/logfmt_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span rest = {(const char *)data, size}, key, value;
	size_t left = size + 1;

	while (logfmt_next(&a, &rest, &key, &value)) {
		assert(rest.len < left);
		left = rest.len;
		assert(key.len && key.s >= (const char *)data && key.s + key.len <= (const char *)data + size);
		assert(value.len <= size && !memchr(key.s, '=', key.len));
	}
	assert(!rest.len);
	return 0;
}
