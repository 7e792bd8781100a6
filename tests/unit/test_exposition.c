/* Both text formats, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "metric/exposition.h"

static struct arena arena;
static struct sample_set a, b;
static struct buf out;

static int setup(void **state)
{
	(void)state;
	sample_set_init(&a, &arena, NULL);
	sample_set_init(&b, &arena, "app");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_fini(&out);
	arena_fini(&arena);
	return 0;
}

static const char *text(enum exposition_format format, size_t conflicts)
{
	const struct sample_set *sets[] = {&a, &b};

	buf_reset(&out);
	assert_int_equal(exposition_write(&out, format, &arena, sets, 2), conflicts);
	assert_true(!out.data || !out.data[out.len]);
	buf_putc(&out, '\0');
	return out.data;
}

static const struct metric_desc gauge = {"g", "A \"help\" with \\ and\nnewline."};
static const struct metric_desc counter = {"c_total", "Counts.", METRIC_COUNTER};
static const struct metric_desc odd_counter = {"node_intr", "Odd.", METRIC_COUNTER};
static const struct metric_desc untyped = {"u", "Unknown.", METRIC_UNTYPED};
static const struct metric_desc histogram = {"h", "Histogram.", METRIC_HISTOGRAM};
static const struct metric_desc summary = {"s", "Summary.", METRIC_SUMMARY};

static void add_all(void)
{
	sample_add(&a, &gauge, 1.5, LABELS({"l", "a\"\\\n"}));
	sample_add(&a, &counter, 2, NO_LABELS);
	sample_add(&a, &odd_counter, 3, NO_LABELS);
	sample_add(&a, &untyped, 4, NO_LABELS);
	sample_add_part(&a, &histogram, SUFFIX_BUCKET, 1, LABELS({"le", "+Inf"}));
	sample_add_part(&a, &histogram, SUFFIX_SUM, 0.5, NO_LABELS);
	sample_add_part(&a, &histogram, SUFFIX_COUNT, 1, NO_LABELS);
	sample_add(&a, &summary, 7, LABELS({"quantile", "0.5"}));
}

static void test_text(void **state)
{
	(void)state;
	add_all();
	assert_string_equal(text(EXPOSITION_TEXT, 0),
	                    "# HELP g A \"help\" with \\\\ and\\nnewline.\n"
	                    "# TYPE g gauge\n"
	                    "g{l=\"a\\\"\\\\\\n\"} 1.5\n"
	                    "# HELP c_total Counts.\n"
	                    "# TYPE c_total counter\n"
	                    "c_total 2\n"
	                    "# HELP node_intr Odd.\n"
	                    "# TYPE node_intr counter\n"
	                    "node_intr 3\n"
	                    "# HELP u Unknown.\n"
	                    "# TYPE u untyped\n"
	                    "u 4\n"
	                    "# HELP h Histogram.\n"
	                    "# TYPE h histogram\n"
	                    "h_bucket{le=\"+Inf\"} 1\n"
	                    "h_sum 0.5\n"
	                    "h_count 1\n"
	                    "# HELP s Summary.\n"
	                    "# TYPE s summary\n"
	                    "s{quantile=\"0.5\"} 7\n");
}

static void test_openmetrics(void **state)
{
	const char *got;

	(void)state;
	add_all();
	got = text(EXPOSITION_OPENMETRICS, 0);
	assert_non_null(strstr(got, "# HELP g A \\\"help\\\" with \\\\ and\\nnewline.\n# TYPE g gauge\n"));
	assert_non_null(strstr(got, "# HELP c Counts.\n# TYPE c counter\nc_total 2\n"));
	assert_non_null(strstr(got, "# HELP node_intr Odd.\n# TYPE node_intr unknown\nnode_intr 3\n"));
	assert_non_null(strstr(got, "# TYPE u unknown\nu 4\n"));
	assert_string_equal(got + strlen(got) - 6, "# EOF\n");
	assert_null(strstr(got, "_created"));
}

/* Go's clients have both: without its _total the counter would be a second family of the gauge's name. */
static void test_a_counter_beside_a_gauge_of_its_name(void **state)
{
	static const struct metric_desc now = {"bytes", "Now.", METRIC_GAUGE};
	static const struct metric_desc ever = {"bytes_total", "Ever.", METRIC_COUNTER};

	(void)state;
	sample_add(&a, &now, 1, NO_LABELS);
	sample_add(&a, &ever, 2, NO_LABELS);
	assert_string_equal(text(EXPOSITION_OPENMETRICS, 0),
	                    "# HELP bytes Now.\n# TYPE bytes gauge\nbytes 1\n"
	                    "# HELP bytes_total Ever.\n# TYPE bytes_total unknown\nbytes_total 2\n# EOF\n");
}

static void test_empty(void **state)
{
	(void)state;
	assert_string_equal(text(EXPOSITION_TEXT, 0), "");
	assert_string_equal(text(EXPOSITION_OPENMETRICS, 0), "# EOF\n");
}

/* A family is one block although several sets, or several descs of a set, have it. */
static void test_merge(void **state)
{
	static const struct metric_desc same = {"g", "Another help."};
	static const struct metric_desc first = {"first", "First."};

	(void)state;
	sample_add(&a, &gauge, 1, NO_LABELS);
	sample_add(&a, &first, 2, NO_LABELS);
	sample_add(&a, &same, 3, LABELS({"x", "1"}));
	sample_add(&b, &gauge, 4, NO_LABELS);
	assert_string_equal(text(EXPOSITION_TEXT, 0),
	                    "# HELP g A \"help\" with \\\\ and\\nnewline.\n# TYPE g gauge\n"
	                    "g 1\ng{x=\"1\"} 3\ng{target=\"app\"} 4\n"
	                    "# HELP first First.\n# TYPE first gauge\nfirst 2\n");
}

static void test_conflict(void **state)
{
	static const struct metric_desc other = {"g", "A counter.", METRIC_COUNTER};

	(void)state;
	sample_add(&a, &gauge, 1, NO_LABELS);
	sample_add(&b, &other, 2, NO_LABELS);
	sample_add(&b, &counter, 3, NO_LABELS);
	assert_string_equal(text(EXPOSITION_TEXT, 1),
	                    "# HELP g A \"help\" with \\\\ and\\nnewline.\n# TYPE g gauge\ng 1\n"
	                    "# HELP c_total Counts.\n# TYPE c_total counter\n"
	                    "c_total{target=\"app\"} 3\n");
}

static void test_many_families(void **state)
{
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		const struct metric_desc *d =
			metric_desc_new(&arena, arena_printf(&arena, "m%d", i % 1000), METRIC_GAUGE, "Help.");

		sample_add(i % 2 ? &a : &b, d, i, NO_LABELS);
	}
	for (const char *p = text(EXPOSITION_TEXT, 0); *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 2 * 1000 + 3000);
}

static void test_limit(void **state)
{
	(void)state;
	buf_fini(&out);
	buf_init(&out, 64);
	add_all();
	text(EXPOSITION_TEXT, 0);
	assert_true(out.failed);
	assert_true(out.len <= 64);
	buf_fini(&out);
	buf_init(&out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_openmetrics, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_counter_beside_a_gauge_of_its_name, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_merge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_families, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
