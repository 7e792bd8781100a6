/* Sample sets: families, rendered labels, names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "metric/metric.h"

static struct arena arena;
static struct sample_set set;

static int setup(void **state)
{
	(void)state;
	sample_set_init(&set, &arena, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static const struct metric_desc desc = {"m", "Help."};

static const char *only_labels(const char *value)
{
	const struct sample *s;

	setup(NULL);
	sample_add(&set, &desc, 1, LABELS({"l", value}));
	s = &set.first->first->items[0];
	return arena_strndup(&arena, s->labels, s->labels_len);
}

static void test_escapes(void **state)
{
	(void)state;
	assert_string_equal(only_labels(""), "l=\"\"");
	assert_string_equal(only_labels("a\"b\\c\nd"), "l=\"a\\\"b\\\\c\\nd\"");
	assert_string_equal(only_labels("\xc3\xa4\xf0\x9f\x98\x80"), "l=\"\xc3\xa4\xf0\x9f\x98\x80\"");
	assert_string_equal(only_labels("\xff\xc3x\xe2\x82"),
	                    "l=\"\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_string_equal(only_labels("\t\r\x01{}=,#"), "l=\"\t\r\x01{}=,#\"");
}

static void test_common_label(void **state)
{
	const struct sample *s;

	(void)state;
	sample_set_init(&set, &arena, "a\"b");
	sample_add(&set, &desc, 1, NO_LABELS);
	sample_add(&set, &desc, 2, LABELS({"x", "1"}, {"y", "2"}));
	s = set.first->first->items;
	assert_int_equal(s[0].labels_len, strlen("target=\"a\\\"b\""));
	assert_memory_equal(s[0].labels, "target=\"a\\\"b\"", s[0].labels_len);
	assert_int_equal(s[1].labels_len, strlen("x=\"1\",y=\"2\",target=\"a\\\"b\""));
	assert_memory_equal(s[1].labels, "x=\"1\",y=\"2\",target=\"a\\\"b\"", s[1].labels_len);
}

/* More families and samples than the first tables hold, each where it belongs and in order. */
static void test_many(void **state)
{
	const struct metric_desc *descs[500];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(descs); i++)
		descs[i] = metric_desc_new(&arena, arena_printf(&arena, "m%zu", i), METRIC_GAUGE, "Help.");
	for (int round = 0; round < 600; round++)
		for (size_t i = 0; i < ARRAY_LEN(descs); i += round < 3 ? 1 : 100)
			sample_add(&set, descs[i], round, NO_LABELS);
	assert_int_equal(set.families, ARRAY_LEN(descs));
	for (const struct family *f = set.first; f; f = f->next, n++) {
		size_t count = 0;

		assert_ptr_equal(f->desc, descs[n]);
		for (const struct sample_block *b = f->first; b; b = b->next)
			for (uint32_t i = 0; i < b->used; i++)
				assert_true(b->items[i].value == (double)count++);
		assert_int_equal(count, f->count);
		assert_int_equal(count, n % 100 ? 3 : 600);
	}
	assert_int_equal(n, ARRAY_LEN(descs));
	assert_int_equal(set.count, 3 * 500 + 597 * 5);
}

static void test_take(void **state)
{
	static const struct metric_desc other = {"m", "Help."};
	struct sample_set from;

	(void)state;
	sample_set_init(&from, &arena, NULL);
	sample_add(&set, &desc, 1, NO_LABELS);
	for (int i = 2; i <= 20; i++)
		sample_add(&from, &other, i, NO_LABELS);
	sample_set_take(&set, &desc, from.first);
	sample_add(&set, &desc, 21, NO_LABELS);
	assert_int_equal(set.families, 1);
	assert_int_equal(set.count, 21);
	assert_int_equal(set.first->count, 21);
	int expected = 1;
	for (const struct sample_block *b = set.first->first; b; b = b->next)
		for (uint32_t i = 0; i < b->used; i++)
			assert_true(b->items[i].value == expected++);
	assert_int_equal(expected, 22);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(metric_name_valid("a") && metric_name_valid("_:A9") && metric_name_valid(":x"));
	assert_false(metric_name_valid("") || metric_name_valid("9a") || metric_name_valid("a-b") ||
	             metric_name_valid("\xc3\xa4"));
	assert_true(label_name_valid("a_9"));
	assert_false(label_name_valid("a:b") || label_name_valid("") || label_name_valid("1"));
	assert_string_equal(metric_desc_new(&arena, "9a-b.c\xc3\xa4", METRIC_GAUGE, "")->name, "_a_b_c__");
	assert_string_equal(metric_desc_new(&arena, "", METRIC_GAUGE, "")->name, "_");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_escapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_common_label, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_take, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
