/* Files of Python's workers: their keys, their damage, and what becomes of more than fits. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "exporters/multiprocess/common_multiprocess.h"
#include "metric/exposition.h"
#include "tests/worker_file.h"

static struct arena arena;

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* "metric name{label=value,...} help", or the result. */
static const char *key_of(const char *json, bool rename_target)
{
	static char out[1024];
	struct db_key key;
	int n;

	switch (db_key_read(&arena, span_of(json), rename_target, &key)) {
	case DB_KEY_BROKEN: return "broken";
	case DB_KEY_UNUSABLE: return "unusable";
	default: break;
	}
	n = snprintf(out, sizeof(out), "%s %s{", key.metric, key.name);
	for (size_t i = 0; i < key.n_labels; i++)
		n += snprintf(out + n, sizeof(out) - (size_t)n, "%s%s=%s", i ? "," : "", key.labels[i].name,
		              key.labels[i].value);
	snprintf(out + n, sizeof(out) - (size_t)n, "} %s", key.help ? key.help : "-");
	return out;
}

static void test_keys(void **state)
{
	static const struct {
		const char *json, *want;
	} cases[] = {
		{"[\"m\", \"n\", {}, \"help\"]", "m n{} help"},
		{"[\"m\",\"n\",{}]", "m n{} -"},
		{" [ \"m\" ,\t\"n\" , { \"b\" : \"2\" , \"a\" : \"1\" } , \"\" ]\n", "m n{a=1,b=2} "},
		{"[\"m\",\"n\",{\"l\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u4e16\\ud83d\\ude42\"}]",
	         "m n{l=\"\\/\b\f\n\r\t\xc3\xa9\xe4\xb8\x96\xf0\x9f\x99\x82} -"},
		{"[\"m\",\"n\",{\"l\":\"\xc3\xa9\"}]", "m n{l=\xc3\xa9} -"},
		{"[\"m\",\"n\",{\"l\":\"\\u0000\\ud83dx\\udc00\\ud83d\\u0041\"}]",
	         "m n{l=" UTF8_REPLACEMENT UTF8_REPLACEMENT "x" UTF8_REPLACEMENT UTF8_REPLACEMENT "A} -"},
		{"[\"9.\\u00e9-:\",\"a b\",{\"a:8\":\"\"}]", "____: a_b{a_8=} -"},
		{"[\"m\",\"n\",{\"8:x\":\"\"}]", "unusable"},
		{"[\"m\",\"n\",{\"target\":\"t\",\"a\":\"1\"}]", "m n{a=1,target=t} -"},
		{"[\"\",\"n\",{}]", "unusable"},
		{"[\"m\",\"n\",{\"\":\"x\"}]", "unusable"},
		{"[\"m\",\"n\",{\"__name__\":\"x\"}]", "unusable"},
		{"[\"m\",\"n\",{\"a\":\"1\",\"a\":\"2\"}]", "unusable"},
		{"[\"m\",\"n\",{\"a.b\":\"1\",\"a-b\":\"2\"}]", "unusable"},
		{"", "broken"},
		{"{}", "broken"},
		{"[]", "broken"},
		{"[\"m\"]", "broken"},
		{"[\"m\",\"n\"]", "broken"},
		{"[\"m\",\"n\",[]]", "broken"},
		{"[\"m\",\"n\",{},]", "broken"},
		{"[\"m\",\"n\",{},\"h\",\"x\"]", "broken"},
		{"[\"m\",\"n\",{}] x", "broken"},
		{"[\"m\",\"n\",{\"a\":1}]", "broken"},
		{"[\"m\",\"n\",{\"a\":\"1\",}]", "broken"},
		{"[\"m\",\"n\",{\"a\" \"1\"}]", "broken"},
		{"[\"m\",null,{}]", "broken"},
		{"[\"m\",\"n\",{},\"\\x\"]", "broken"},
		{"[\"m\",\"n\",{},\"\\u12g4\"]", "broken"},
		{"[\"m\",\"n\",{},\"\\ud83d\\u12\"]", "broken"},
		{"[\"m\",\"n\",{},\"a\nb\"]", "broken"},
		{"[\"m\",\"n\",{},\"\xff\"]", "broken"},
		{"[\"m\",\"n\",{},\"\\", "broken"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = key_of(cases[i].json, false);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s, not %s", cases[i].json, got, cases[i].want);
	}
	assert_string_equal(key_of("[\"m\",\"n\",{\"target\":\"t\",\"a\":\"1\"}]", true),
	                    "m n{a=1,exported_target=t} -");
	assert_string_equal(key_of("[\"m\",\"n\",{\"target\":\"t\",\"exported_target\":\"1\"}]", true), "unusable");
}

static void test_more_labels_than_there_may_be(void **state)
{
	struct buf CLEANUP_BUF json = {0};

	(void)state;
	buf_puts(&json, "[\"m\",\"n\",{");
	for (int i = 0; i < MULTIPROCESS_MAX_LABELS; i++)
		buf_printf(&json, "%s\"l%d\":\"\"", i ? "," : "", i);
	buf_puts(&json, "}]");
	assert_string_not_equal(key_of(json.data, false), "unusable");
	json.len -= 2;
	buf_puts(&json, ",\"more\":\"\"}]");
	assert_string_equal(key_of(json.data, false), "unusable");
}

static const char *tell(struct merge *m)
{
	struct buf CLEANUP_BUF out = {0};
	struct sample_set set;
	const struct sample_set *sets[] = {&set};

	sample_set_init(&set, &arena, NULL);
	merge_tell(m, &set);
	exposition_write(&out, EXPOSITION_TEXT, &arena, sets, 1);
	return arena_strdup(&arena, out.data ? out.data : "");
}

/* What is wrong with the file; NULL: it was added. */
static const char *add(struct merge *m, const char *name, const char *description)
{
	struct buf CLEANUP_BUF file = {0};
	const char *fault;

	worker_file_build(&file, span_of(description));
	return merge_add(m, name, (struct span){file.data, file.len}, &fault) < 0 ? fault : NULL;
}

static const char two[] = "entry 1 0 [\"a\", \"a_total\", {}, \"A.\"]\nentry 2 0 [\"b\", \"b_total\", {}, \"B.\"]\n";

static void test_a_file_cut_off_at_any_byte_is_left_out(void **state)
{
	struct buf CLEANUP_BUF file = {0};
	size_t whole = 0;

	(void)state;
	worker_file_build(&file, span_of(two));
	for (size_t len = 0; len < file.len; len++) {
		struct merge *m = merge_new(&arena, false);
		char *copy = malloc(len + 1); /* so that what is read behind its end is seen */
		const char *fault, *told;

		memcpy(copy, file.data, len);
		if (!merge_add(m, "counter_1.db", (struct span){copy, len}, &fault))
			whole += len > 8;
		told = tell(m);
		if (strstr(told, "b_total 2") || (strstr(told, "a_total") && !strstr(told, "a_total 1")))
			fail_msg("at %zu: %s", len, told);
		free(copy);
	}
	assert_int_equal(whole, 2); /* behind the first entry, with and without its timestamp */
}

static void test_names_of_files(void **state)
{
	static const char *const bad[] = {".db",       "counter.db", "count_1.db",      "_1.db",       "untyped_1.db",
	                                  "gauge_.db", "gauge_1.db", "histogramm_1.db", "Counter_1.db"};
	static const char *const good[] = {"counter_1.db", "counter_a_b.db", "counter_.db"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_string_equal(add(merge_new(&arena, false), bad[i], two),
		                    "is named as no file of prometheus_client");
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_null(add(merge_new(&arena, false), good[i], two));
}

static void test_nothing_of_a_bad_file_is_added(void **state)
{
	struct merge *m = merge_new(&arena, false);

	(void)state;
	assert_null(add(m, "counter_1.db", two));
	assert_non_null(add(m, "counter_2.db", "entry 5 0 [\"a\", \"a_total\", {}, \"A.\"]\nentry 5 0 nonsense\n"));
	assert_non_null(add(m, "counter_3.db", "entry 5 0 [\"c\", \"c_total\", {}, \"C.\"]\nentry 5 0 nonsense\n"));
	assert_null(add(m, "counter_4.db", two));
	assert_string_equal(tell(m),
	                    "# HELP a_total A.\n# TYPE a_total counter\na_total 2\n"
	                    "# HELP b_total B.\n# TYPE b_total counter\nb_total 4\n");
}

/* Releases may change while old files are still there. */
static void test_files_of_old_and_new_releases(void **state)
{
	struct merge *m = merge_new(&arena, false);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_null(add(m, "counter_1.db", "old 1 [\"a\", \"a_total\", {}]\nold 1 [\"b\", \"b_total\", {}]\n"));
		assert_null(add(m, "counter_2.db", two));
	}
	assert_string_equal(tell(m),
	                    "# HELP a_total Multiprocess metric\n# TYPE a_total counter\na_total 6\n"
	                    "# HELP b_total Multiprocess metric\n# TYPE b_total counter\nb_total 9\n");
}

static void test_modes_that_differ(void **state)
{
	static const char *const files[][2] = {
		{"gauge_all_1.db", "entry 1 0 [\"g\", \"g\", {}, \"G.\"]"},
		{"gauge_livesum_2.db", "entry 2 0 [\"g\", \"g\", {}, \"G.\"]\nentry 2 0 [\"s\", \"s\", {}, \"S.\"]"},
		{"gauge_min_3.db", "entry 3 0 [\"g\", \"g\", {}, \"G.\"]"},
	};
	struct merge *m = merge_new(&arena, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		assert_null(add(m, files[i][0], files[i][1]));
	assert_true(merge_again(m));
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		assert_null(add(m, files[i][0], files[i][1]));
	assert_string_equal(tell(m), "# HELP g G.\n# TYPE g gauge\ng 1\n# HELP s S.\n# TYPE s gauge\ns 2\n");
	/* what changes between the two readings changes no more */
	assert_null(add(m, "gauge_sum_4.db", "entry 4 0 [\"g\", \"g\", {}, \"G.\"]"));
	assert_false(merge_again(m));
}

static void test_more_series_than_there_may_be(void **state)
{
	struct buf CLEANUP_BUF file = {0};
	struct merge *m = merge_new(&arena, false);
	struct span told, line;
	const char *fault;
	int series = 0;

	(void)state;
	for (int block = 0; block < 11; block++) {
		buf_reset(&file);
		buf_puts(&file, "");
		buf_put(&file, "\0\0\0\0\0\0\0\0", 8);
		for (int i = 0; i < 10000; i++) {
			char text[64];
			int len = snprintf(text, sizeof(text), " 1 0 [\"c\",\"c_total\",{\"l\":\"%d\"}]",
			                   block * 10000 + i);

			worker_file_entry(&file, (struct span){text, (size_t)len}, true);
		}
		assert_int_equal(merge_add(m, "counter_1.db", (struct span){file.data, file.len}, &fault), 0);
	}
	assert_int_equal(merge_skipped(m), 10000);
	assert_null(add(m, "counter_2.db", "entry 1 0 [\"c\",\"c_total\",{\"l\":\"7\"}]"));
	/* line by line: strstr would have a sanitizer measure the whole text each time */
	told = span_of(tell(m));
	while (scan_line(&told, &line))
		series += span_starts(line, "c_total{");
	assert_int_equal(series, 100000);
}

static void write_file(const char *name, const char *description, size_t size)
{
	struct buf CLEANUP_BUF file = {0};
	FILE CLEANUP_FILE *f = fopen(name, "we");

	worker_file_build(&file, span_of(description));
	assert_non_null(f);
	assert_int_equal(fwrite(file.data, 1, file.len, f), file.len);
	if (size > file.len)
		assert_int_equal(ftruncate(fileno(f), (off_t)size), 0);
}

static void test_reading_files(void **state)
{
	char folder[] = "/tmp/test_multiprocess.XXXXXX", *big = arena_alloc(&arena, 100000);
	struct db_buffer buffer = {.arena = &arena};
	int CLEANUP_FD dir = -1;
	struct span content;
	const char *fault;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memset(big, 'x', 99999);
	memcpy(big, "entry 1 0 [", 11);
	big[99999] = '\0';
	write_file("small", two, 65536);
	write_file("tight", two, 0);
	write_file("big", big, 1 << 18);
	write_file("empty", "cut 0", 0);
	write_file("new", "used 0", 65536);
	write_file("more", "used 16777217", 0);
	write_file("less", "used 7", 65536);
	write_file("short", "used 9000", 8000);
	for (int i = 0; i < 2; i++) { /* whatever was read before */
		assert_int_equal(db_read(&buffer, dir, "small", &content, &fault), DB_OK);
		assert_int_equal(content.len, 8 + 2 * 48);
		assert_int_equal(db_read(&buffer, dir, "big", &content, &fault), DB_OK);
		assert_true(content.len > 99000 && content.s[50000] == 'x' && content.s[90000] == 'x');
		assert_int_equal(db_read(&buffer, dir, "tight", &content, &fault), DB_OK);
		assert_int_equal(content.len, 8 + 2 * 48);
		assert_int_equal(db_read(&buffer, dir, "empty", &content, &fault), DB_OK);
		assert_int_equal(content.len, 0);
		assert_int_equal(db_read(&buffer, dir, "new", &content, &fault), DB_OK);
		assert_int_equal(content.len, 0);
		assert_int_equal(db_read(&buffer, dir, "gone", &content, &fault), DB_ABSENT);
		assert_int_equal(db_read(&buffer, dir, "more", &content, &fault), DB_FAULT);
		assert_int_equal(db_read(&buffer, dir, "less", &content, &fault), DB_FAULT);
		assert_int_equal(db_read(&buffer, dir, "short", &content, &fault), DB_FAULT);
		assert_string_equal(fault, "is shorter than it says");
	}
	for (const char *const *name =
	             (const char *const[]){"small", "tight", "big", "empty", "new", "more", "less", "short", NULL};
	     *name; name++)
		unlink(*name);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_keys, teardown),
		cmocka_unit_test_teardown(test_more_labels_than_there_may_be, teardown),
		cmocka_unit_test_teardown(test_a_file_cut_off_at_any_byte_is_left_out, teardown),
		cmocka_unit_test_teardown(test_names_of_files, teardown),
		cmocka_unit_test_teardown(test_nothing_of_a_bad_file_is_added, teardown),
		cmocka_unit_test_teardown(test_files_of_old_and_new_releases, teardown),
		cmocka_unit_test_teardown(test_modes_that_differ, teardown),
		cmocka_unit_test_teardown(test_more_series_than_there_may_be, teardown),
		cmocka_unit_test_teardown(test_reading_files, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
