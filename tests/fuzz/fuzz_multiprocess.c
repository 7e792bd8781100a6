/* Files of Python's workers. The input is either lines "file NAME", each followed by the description of a file
 * (tests/worker_file.h), or "raw NAME" and the bytes of one. What is told must be text that Prometheus can read. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "exporters/multiprocess/common_multiprocess.h"
#include "metric/exposition.h"
#include "metric/promtext.h"
#include "tests/worker_file.h"

/* A copy of its own size, so that what is read behind its end is seen. */
static void add(struct merge *m, struct span name, struct span content)
{
	char *copy = malloc(content.len + 1), file[256];
	const char *fault = NULL;

	if (content.len)
		memcpy(copy, content.s, content.len);
	if (span_copy(name, file, sizeof(file)) && merge_add(m, file, (struct span){copy, content.len}, &fault) < 0 &&
	    !fault)
		abort();
	free(copy);
}

static void add_files(struct merge *m, struct span text)
{
	struct span rest = text, line, word, name;

	if (scan_line(&rest, &line) && scan_field(&line, &word) && span_eq(word, "raw") && scan_field(&line, &name)) {
		add(m, name, rest);
		return;
	}
	for (rest = text; scan_line(&rest, &line);) {
		struct span begin = rest, after = rest;
		struct buf CLEANUP_BUF file = {0};

		if (!scan_field(&line, &word) || !span_eq(word, "file") || !scan_field(&line, &name))
			continue;
		while (scan_line(&after, &line) && !span_starts(line, "file "))
			rest = after;
		worker_file_build(&file, (struct span){begin.s, (size_t)(rest.s - begin.s)});
		if (!file.failed)
			add(m, name, (struct span){file.data, file.len});
	}
}

/* Names of one metric may be made of another's: a gauge x_sum beside a summary x. Nothing else is a fault. */
static void check(struct arena *a, const struct buf *out)
{
	struct promtext reader;
	struct sample_set set;
	struct err err;

	if (!utf8_valid(out->data, out->len))
		abort();
	promtext_init(&reader, a, false);
	sample_set_init(&set, a, NULL);
	if (promtext_read(&reader, &set, "told", (struct span){out->data, out->len}, &err) < 0 &&
	    !strstr(err.text, "has a second ") && !strstr(err.text, "after its samples")) {
		fputs(err.text, stderr);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena arena = {0};
	struct buf CLEANUP_BUF out = {0};
	struct merge *m = merge_new(&arena, size % 2);
	struct sample_set set;
	const struct sample_set *sets[] = {&set};

	add_files(m, text);
	if (merge_again(m))
		add_files(m, text);
	if (merge_again(m))
		abort();
	sample_set_init(&set, &arena, size % 2 ? "app" : NULL);
	merge_tell(m, &set);
	exposition_write(&out, EXPOSITION_TEXT, &arena, sets, 1);
	if (out.len)
		check(&arena, &out);
	arena_fini(&arena);
	return 0;
}
