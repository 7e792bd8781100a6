/* The text format: what is taken, what is refused and with which words, and that a bad text leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "metric/exposition.h"
#include "metric/promtext.h"

struct fixture {
	struct arena arena;
	struct promtext reader;
	struct sample_set set;
	struct err err;
};

static struct fixture f;

static int setup(void **state)
{
	(void)state;
	f = (struct fixture){0};
	promtext_init(&f.reader, &f.arena, false);
	sample_set_init(&f.set, &f.arena, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&f.arena);
	return 0;
}

static int take(const char *text)
{
	return promtext_read(&f.reader, &f.set, "file", span_of(text), &f.err);
}

/* The samples without HELP and TYPE. */
static const char *samples(void)
{
	const struct sample_set *sets[] = {&f.set};
	struct buf CLEANUP_BUF out = {0};
	struct span rest, line;
	char *text = arena_strdup(&f.arena, ""), *all;

	exposition_write(&out, EXPOSITION_TEXT, &f.arena, sets, 1);
	rest = (struct span){out.data, out.len};
	while (scan_line(&rest, &line)) {
		if (*line.s == '#')
			continue;
		all = arena_printf(&f.arena, "%s%.*s\n", text, (int)line.len, line.s);
		text = all;
	}
	return text;
}

static void test_good(void **state)
{
	static const struct {
		const char *text, *samples;
	} cases[] = {
		{"", ""},
		{"\n \n\t\n# x\n#\n#HELP\tm\n", ""},
		{"m 1\n", "m 1\n"},
		{"  m  \t +1  \n", "m 1\n"},
		{"m{} 1\n", "m 1\n"},
		{"m {a=\"b\"} 1\n", "m{a=\"b\"} 1\n"},
		{"m{a=\"b\",}1\n", "m{a=\"b\"} 1\n"},
		{"m{ b = \"2\" , a = \"1\" } 0.30000000000000004\n", "m{a=\"1\",b=\"2\"} 0.30000000000000004\n"},
		{"m{a=\"\\\\ \\\" \\n } , # =\"} 1e3\n", "m{a=\"\\\\ \\\" \\n } , # =\"} 1000\n"},
		{"a:b NaN\n_x +Inf\nc -Inf\n", "a:b NaN\n_x +Inf\nc -Inf\n"},
		{"m 1\nn 2\nm{a=\"\xc3\xa4\"} 3\n", "m 1\nm{a=\"\xc3\xa4\"} 3\nn 2\n"},
		{"# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\nh_total 5\n",
	         "h_bucket{le=\"+Inf\"} 1\nh_sum 2\nh_count 1\nh_total 5\n"},
		{"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 1\ns_bucket 5\n",
	         "s{quantile=\"0.5\"} 1\ns_sum 2\ns_count 1\ns_bucket 5\n"},
		{"m_count 1\n", "m_count 1\n"},
		{"# HELP m a \\\\ b\\nc\n# TYPE m gauge\nm 1\n", "m 1\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (take(cases[i].text) < 0)
			fail_msg("%s: %s", cases[i].text, f.err.text);
		assert_string_equal(samples(), cases[i].samples);
		teardown(state);
		setup(state);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"m 1", "file:1: the last line has no end"},
		{"ok 1\nm 1\r\n", "file:2: lines end with CR LF"},
		{"m 1 1700000000000\n", "timestamps are not taken"},
		{"m 1 x\n", "no timestamp"},
		{"m\n", "value is missing"},
		{"m x\n", "no number"},
		{"m 1e999\n", "no number"},
		{"1m 1\n", "begins with # or the name"},
		{"m-x 1\n", "other characters"},
		{"{a=\"b\"} 1\n", "begins with # or the name"},
		{"m{a=b} 1\n", "not in quotes"},
		{"m{a=\"b} 1\n", "not closed"},
		{"m{a=\"\\t\"} 1\n", "a backslash comes before"},
		{"m{a=\"b\" b=\"c\"} 1\n", "comes a comma"},
		{"m{a=\"b\"\n", "comes a comma"},
		{"m{\n", "come labels"},
		{"m{,} 1\n", "come labels"},
		{"m{a:b=\"c\"} 1\n", "come labels"},
		{"m{__name__=\"c\"} 1\n", "begin with __"},
		{"m{a=\"1\",a=\"2\"} 1\n", "a is there twice"},
		{"m 1\nm 2\n", "file:2: m has a second sample"},
		{"m{a=\"1\",b=\"\"} 1\nm{a=\"1\"} 2\n", "second sample"},
		{"m{a=\"1\",b=\"2\"} 1\nm{b=\"2\",a=\"1\"} 2\n", "second sample"},
		{"# TYPE m gauge\n# TYPE m gauge\n", "second TYPE"},
		{"# HELP m x\n# HELP m x\n", "second HELP"},
		{"m 1\n# TYPE m gauge\n", "after its samples"},
		{"# TYPE m thing\n", "no known type"},
		{"# TYPE m\n", "no known type"},
		{"# TYPE\n", "comes the name"},
		{"# TYPE 1 gauge\n", "comes the name"},
		{"# HELP m \\x\n", "a backslash comes before"},
		{"# TYPE h histogram\nh 1\n", "is a histogram"},
		{"# TYPE h histogram\nh_bucket 1\n", "without le"},
		{"# TYPE h histogram\nh_bucket{le=\"x\"} 1\n", "without le"},
		{"# TYPE s summary\ns 1\n", "needs quantile"},
		{"\xff 1\n", "no UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f.err.text[0] = '\0';
		if (take(cases[i].text) == 0)
			fail_msg("taken: %s", cases[i].text);
		if (!strstr(f.err.text, cases[i].what))
			fail_msg("%s gave \"%s\", not \"%s\"", cases[i].text, f.err.text, cases[i].what);
		assert_int_equal(f.set.count, 0);
	}
	assert_int_equal(promtext_read(&f.reader, &f.set, "file", SPAN("m{a=\"\0\"} 1\n"), &f.err), -1);
}

/* A bad text is forgotten altogether; good ones add up, and do not repeat or contradict each other. */
static void test_several(void **state)
{
	(void)state;
	assert_int_equal(take("# TYPE m counter\nm{a=\"1\"} 1\nn 1\n"), 0);
	assert_int_equal(take("# TYPE other gauge\nother 1\nbroken\n"), -1);
	assert_int_equal(take("# TYPE other counter\nother 2\n"), 0);
	assert_int_equal(take("# HELP m Late help.\n# TYPE m counter\nm{a=\"2\"} 2\n"), 0);
	assert_int_equal(take("x 1\n# TYPE m gauge\nm{a=\"3\"} 3\n"), -1);
	assert_non_null(strstr(f.err.text, "file:2: m is a gauge here and a counter in an earlier file"));
	assert_int_equal(take("y 1\nn 2\n"), -1);
	assert_non_null(strstr(f.err.text, "file:2: n with the same labels is in an earlier file"));
	assert_int_equal(take("x 2\n"), 0);
	assert_string_equal(samples(), "m{a=\"1\"} 1\nm{a=\"2\"} 2\nn 1\nother 2\nx 2\n");
	assert_string_equal(f.set.first->desc->help, "Late help.");
	assert_int_equal(f.set.count, 5);
}

static void test_timestamps_left_out(void **state)
{
	(void)state;
	promtext_init(&f.reader, &f.arena, true);
	assert_int_equal(take("m 1 -1700000000000\n"), 0);
	assert_string_equal(samples(), "m 1\n");
	assert_int_equal(take("n 1 2 3\n"), -1);
	assert_non_null(strstr(f.err.text, "more after the timestamp"));
}

static void test_target_label(void **state)
{
	(void)state;
	sample_set_init(&f.set, &f.arena, "app");
	assert_int_equal(take("m{a=\"1\"} 1\nn 2\n"), 0);
	assert_string_equal(samples(), "m{a=\"1\",target=\"app\"} 1\nn{target=\"app\"} 2\n");
}

/* Two labels of one name would cost the whole scrape. */
static void test_target_label_of_the_text(void **state)
{
	(void)state;
	assert_int_equal(take("m{target=\"theirs\"} 1\n"), 0);
	assert_string_equal(samples(), "m{target=\"theirs\"} 1\n");
	sample_set_init(&f.set, &f.arena, "app");
	assert_int_equal(take("n{target=\"theirs\"} 1\n"), 0);
	assert_string_equal(samples(), "n{exported_target=\"theirs\",target=\"app\"} 1\n");
	assert_int_equal(take("o{target=\"theirs\",exported_target=\"b\"} 1\n"), -1);
	assert_non_null(strstr(f.err.text, "label exported_target is there twice"));
}

static void open_metrics(void)
{
	setup(NULL);
	promtext_init(&f.reader, &f.arena, true);
	f.reader.format = PROMTEXT_OPENMETRICS;
}

static void test_openmetrics(void **state)
{
	static const struct {
		const char *text, *samples;
	} cases[] = {
		{"# EOF\n", ""},
		{"m 1\n# EOF\n", "m 1\n"},
		{"# TYPE c counter\n# UNIT c seconds\nc_total{a=\"b\"} 1 1520879607.789 # {id=\"x\"} 0.5 "
	         "1.5\nc_created 9\n"
	         "# EOF\n",
	         "c_total{a=\"b\"} 1\n"},
		{"# TYPE c counter\nc_total 1 # {} 1\n# EOF\n", "c_total 1\n"},
		{"# TYPE i info\ni_info{version=\"1\"} 1\n# EOF\n", "i_info{version=\"1\"} 1\n"},
		{"# TYPE s stateset\ns{s=\"a\"} 1\ns{s=\"b\"} 0\n# EOF\n", "s{s=\"a\"} 1\ns{s=\"b\"} 0\n"},
		{"# TYPE h histogram\nh_bucket{le=\"1.0\"} 1 # {a=\"b\"} 0.1\nh_bucket{le=\"+Inf\"} 2\nh_count "
	         "2\nh_sum 3\n"
	         "h_created 5\n# EOF\n",
	         "h_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\n"},
		{"# TYPE g gaugehistogram\ng_bucket{le=\"+Inf\"} 2\ng_gcount 2\ng_gsum -3\n# EOF\n",
	         "g_bucket{le=\"+Inf\"} 2\ng_gcount 2\ng_gsum -3\n"},
		{"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_count 2\ns_sum 3\ns_created 1\n# EOF\n",
	         "s{quantile=\"0.5\"} 1\ns_count 2\ns_sum 3\n"},
		{"# TYPE u unknown\n# HELP u with \\\"quotes\\\"\nu 1\n# EOF\n", "u 1\n"},
		{"x_total 1\nx_created 2\n# EOF\n", "x_total 1\nx_created 2\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		open_metrics();
		if (take(cases[i].text) < 0)
			fail_msg("%s: %s", cases[i].text, f.err.text);
		assert_string_equal(samples(), cases[i].samples);
		arena_fini(&f.arena);
	}
}

static void test_bad_openmetrics(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"", "# EOF is missing"},
		{"m 1\n", "file:1: # EOF is missing"},
		{"# EOF\nm 1\n", "file:2: there is more behind # EOF"},
		{"# EOF now\n", "more behind # EOF"},
		{"\n# EOF\n", "no empty lines"},
		{"# a remark\n# EOF\n", "begins with # HELP"},
		{"# TYPE m untyped\n# EOF\n", "no type that OpenMetrics knows"},
		{"# TYPE c counter\nc 1\n# EOF\n", "file:2: c is of a type whose samples have an ending"},
		{"# TYPE i info\ni 1\n# EOF\n", "have an ending"},
		{"m 1 # {a=\"b\"}\n# EOF\n", "the value of an exemplar"},
		{"m 1 # a=\"b\" 1\n# EOF\n", "an exemplar begins"},
		{"m 1 # {a=\"b\"} 1 x\n# EOF\n", "timestamp of an exemplar"},
		{"m 1 1s\n# EOF\n", "no timestamp in seconds"},
		{"# TYPE c counter\nc_total 1\n# TYPE c_total gauge\nc_total{a=\"b\"} 2\n# EOF\n",
	         "name of a family and"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		open_metrics();
		if (take(cases[i].text) == 0)
			fail_msg("taken: %s", cases[i].text);
		if (!strstr(f.err.text, cases[i].what))
			fail_msg("%s gave \"%s\", not \"%s\"", cases[i].text, f.err.text, cases[i].what);
		assert_int_equal(f.set.count, 0);
		arena_fini(&f.arena);
	}
}

/* Leaves out all of the family "gone", and the label "pid" of all others. */
static bool admit(void *arg, struct promtext_sample *s)
{
	size_t n = 0;

	(void)arg;
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->labels[i].name, "pid") != 0)
			s->labels[n++] = s->labels[i];
	s->n = n;
	return strcmp(s->family->name, "gone") != 0;
}

static void test_admission(void **state)
{
	(void)state;
	f.reader.admit = admit;
	f.reader.changes_labels = true;
	assert_int_equal(
		take("gone 1\ngone 1\n# TYPE c counter\nc{pid=\"1\"} 1\nc{pid=\"2\",a=\"b\"} 2\nc{pid=\"3\"} 3\n"
	             "# TYPE h histogram\nh_bucket{pid=\"1\",le=\"1\"} 1\nh_count{pid=\"1\"} 1\n"
	             "h_bucket{pid=\"2\",le=\"1\"} 5\nh_count{pid=\"2\"} 7\n"),
		0);
	assert_string_equal(samples(), "c 4\nc{a=\"b\"} 2\nh_bucket{le=\"1\"} 6\nh_count 8\n");
	assert_int_equal(take("# TYPE g gauge\ng{pid=\"1\"} 1\ng{pid=\"2\"} 1\n"), -1);
	assert_non_null(strstr(f.err.text, "file:3: g has two samples with the same labels; rules"));
}

static void test_limits(void **state)
{
	struct buf CLEANUP_BUF b = {0};

	(void)state;
	buf_puts(&b, "m{a=\"");
	for (size_t i = 0; i < PROMTEXT_MAX_LINE; i++)
		buf_putc(&b, 'x');
	buf_puts(&b, "\"} 1\n");
	assert_int_equal(take(b.data), -1);
	assert_non_null(strstr(f.err.text, "longer than 1 MiB"));
	buf_reset(&b);
	buf_puts(&b, "m{");
	for (int i = 0; i <= PROMTEXT_MAX_LABELS; i++)
		buf_printf(&b, "l%d=\"x\",", i);
	buf_puts(&b, "} 1\n");
	assert_int_equal(take(b.data), -1);
	assert_non_null(strstr(f.err.text, "more than 64 labels"));
	buf_reset(&b);
	for (size_t i = 0; i <= PROMTEXT_MAX_BYTES; i++)
		buf_putc(&b, '\n');
	assert_int_equal(take(b.data), -1);
	assert_non_null(strstr(f.err.text, "larger than 16 MiB"));
	buf_reset(&b);
	for (int i = 0; i < 50000; i++)
		buf_printf(&b, "f%d{a=\"%d\"} %d\n", i % 1000, i, i);
	assert_int_equal(take(b.data), 0);
	assert_int_equal(f.set.count, 50000);
	assert_int_equal(f.set.families, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timestamps_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_target_label, setup, teardown),
		cmocka_unit_test_setup_teardown(test_target_label_of_the_text, setup, teardown),
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_bad_openmetrics),
		cmocka_unit_test_setup_teardown(test_admission, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
