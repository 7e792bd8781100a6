/* Expositions from outside, as text and as OpenMetrics: what is taken must, written out again as text, be taken and
 * mean the same. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "metric/exposition.h"
#include "metric/promtext.h"

static bool rewrite(struct arena *a, struct span text, enum promtext_format format, struct buf *out)
{
	struct promtext reader;
	struct sample_set set;
	const struct sample_set *sets[] = {&set};
	struct err err;

	promtext_init(&reader, a, true);
	reader.format = format;
	sample_set_init(&set, a, NULL);
	if (promtext_read(&reader, &set, "input", text, &err) < 0) {
		if (set.count || set.first || !*err.text)
			abort();
		return false;
	}
	if (exposition_write(out, EXPOSITION_TEXT, a, sets, 1) != 0)
		abort();
	return true;
}

static void read_and_rewrite(struct span text, enum promtext_format format)
{
	struct arena arena = {0};
	struct buf CLEANUP_BUF once = {0}, CLEANUP_BUF twice = {0};

	if (rewrite(&arena, text, format, &once)) {
		if (!utf8_valid(once.data, once.len) ||
		    !rewrite(&arena, (struct span){once.data, once.len}, PROMTEXT_TEXT, &twice))
			abort();
		if (once.len != twice.len || (once.len && memcmp(once.data, twice.data, once.len) != 0))
			abort();
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};

	read_and_rewrite(text, PROMTEXT_TEXT);
	read_and_rewrite(text, PROMTEXT_OPENMETRICS);
	return 0;
}
