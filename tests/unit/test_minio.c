/* What a MinIO told once, cut off at each byte: an error that adds nothing, or whole lines and all of their samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <glob.h>

#include "base/buf.h"
#include "base/file.h"
#include "metric/promtext.h"

static size_t count_samples(struct span text)
{
	struct span line;
	size_t n = 0;

	while (scan_line(&text, &line))
		n += *line.s != '#';
	return n;
}

static void check_cut(struct span text, bool whole)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct sample_set set;
	struct promtext reader;
	struct err err = {""};

	promtext_init(&reader, &a, true);
	sample_set_init(&set, &a, NULL);
	if (promtext_read(&reader, &set, "cut", text, &err) == 0) {
		assert_true(whole);
		assert_int_equal(set.count, count_samples(text));
	} else {
		assert_false(whole);
		assert_non_null(strstr(err.text, "the last line has no end"));
		assert_int_equal(set.count, 0);
		assert_null(set.first);
	}
}

/* The line cut off at each byte, behind what its family's HELP and TYPE say; of other lines nothing depends on it. */
static void check_line(struct span head, struct span line)
{
	struct buf CLEANUP_BUF text = {0};

	for (size_t cut = 0; cut <= line.len; cut++) {
		buf_reset(&text);
		buf_put(&text, head.s, head.len);
		buf_put(&text, line.s, cut);
		check_cut((struct span){text.data, text.len}, cut == 0 || line.s[cut - 1] == '\n');
	}
}

static void check_capture(const char *path)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span rest, line, head = {"", 0};
	struct err err;
	char *text;
	size_t len;

	assert_int_equal(file_read(&a, path, 1 << 20, &text, &len, &err), 0);
	rest = (struct span){text, len};
	check_cut(rest, true);
	while (scan_line(&rest, &line)) {
		line.len++; /* its end */
		if (span_starts(line, "# HELP "))
			head = (struct span){line.s, 0};
		check_line(head, line);
		if (*line.s == '#')
			head.len += line.len;
	}
}

static void test_captures_cut_anywhere(void **state)
{
	glob_t CLEANUP(globfree) found = {0};
	size_t checked = 0;

	(void)state;
	assert_int_equal(glob(TEST_DIR "/golden/minio_*/v[23]-4drives/http/_minio_*", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++, checked++)
		check_capture(found.gl_pathv[i]);
	assert_true(checked > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_captures_cut_anywhere)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
