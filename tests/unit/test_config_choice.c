/* Lists of sections of one key, short forms of maps, and the groups of regular expressions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/bind.h"
#include "config/print.h"
#include "config/regex.h"

struct wait {
	int64_t lines;
};

struct top {
	struct list steps;
	const struct wait *rest;
};

static const struct field wait_rows[] = {F_INT(struct wait, lines, "3", "Lines.", 1, 9), {0}};

static const struct field kinds[] = {
	{.name = "wait", .type = FIELD_STRUCT, .fields = wait_rows, .item_size = sizeof(struct wait), .help = "Waits."},
	{.name = "pick", .type = FIELD_STRING_MAP, .names_too = true, .help = "Picks."},
	{.name = "words", .type = FIELD_STRING_LIST, .help = "Words."},
	{0},
};

static int check(const struct field *f, const struct list *list, size_t i, struct err *err)
{
	const struct chosen *c = (const struct chosen *)list->items + i;

	(void)f;
	if (c->field == &kinds[0] && ((const struct wait *)c->value)->lines == 9)
		return err_set(err, "9 is too much; write 8");
	return 0;
}

static const struct field rows[] = {
	{.name = "steps", .type = FIELD_CHOICES, .fields = kinds, .check = check, .help = "Steps."},
	F_SECTION(struct top, rest, wait_rows, "Rests."),
	{0},
};

static void assert_printed(const char *text, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct faults CLEANUP(faults_fini) faults = {0};
	struct buf CLEANUP_BUF out = {0};
	struct top top;

	if (bind_text(&a, "f", text, strlen(text), rows, &top, &faults) < 0)
		fail_msg("%s", faults.text.data);
	config_print(rows, &top, &out);
	assert_string_equal(out.data, expected);
}

static void assert_fault(const char *text, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct faults CLEANUP(faults_fini) faults = {0};
	struct top top;

	assert_int_equal(bind_text(&a, "f", text, strlen(text), rows, &top, &faults), -1);
	assert_string_equal(faults.text.data, expected);
}

static void test_choices(void **state)
{
	static const char printed[] =
		"steps:\n"
		"  - wait:\n"
		"      lines: 3\n"
		"  - pick: {a: a, b: c}\n"
		"  - words: [x, y]\n"
		"  - wait:\n"
		"      lines: 5\n";

	(void)state;
	assert_printed("steps:\n- wait:\n- pick: {a: , b: c}\n- words: [x, y]\n- wait: {lines: 5}\n", printed);
	assert_printed(printed, printed);
	assert_printed("steps: [pick: [a, b]]\n", "steps:\n  - pick: {a: a, b: b}\n");
	assert_printed("", "steps: []\n");
}

static void test_sections_that_may_be_left_out(void **state)
{
	(void)state;
	assert_printed("rest:\n", "steps: []\nrest:\n  lines: 3\n");
	assert_printed("rest: {lines: 4}\n", "steps: []\nrest:\n  lines: 4\n");
	assert_fault("rest: {lines: 10}", "f:1:15: rest.lines: \"10\": out of range; write 1 to 9\n");
	assert_fault("rest: {line: 1}", "f:1:8: rest: no such key: line; write lines\n");
	assert_fault("rest: 4",
	             "f:1:7: rest: expected a section with keys of its own, found a single value; write rest: "
	             "{key: value}\n");
}

static void test_faults(void **state)
{
	(void)state;
	assert_fault("steps: [wait]",
	             "f:1:9: steps: expected a section of one key as item, found a single value; write - "
	             "wait: {key: value}\n");
	assert_fault("steps: [{}]",
	             "f:1:9: steps: expected a section of one key as item, found several keys or none; write "
	             "- wait: {key: value}\n");
	assert_fault(
		"steps: [{wait: , words: []}]",
		"f:1:9: steps: expected a section of one key as item, found several keys or none; write - wait: {key: "
		"value}\n");
	assert_fault("steps: [{weit: }]", "f:1:10: steps: no such key: weit; write wait\n");
	assert_fault("steps: [{wait: {lines: 10}}]", "f:1:24: steps.wait.lines: \"10\": out of range; write 1 to 9\n");
	assert_fault("steps: [{wait: {lines: 9}}]", "f:1:9: steps.wait: 9 is too much; write 8\n");
	assert_fault(
		"steps: [{pick: 1}]",
		"f:1:16: steps.pick: expected a mapping of texts, found a single value; write pick: {key: value}\n");
	assert_fault(
		"steps: {wait: }",
		"f:1:8: steps: expected a list of sections of one key, found a section; write steps: [{key: value}]\n");
}

static void test_reference(void **state)
{
	struct buf CLEANUP_BUF out = {0};

	(void)state;
	config_reference(rows, &out);
	assert_non_null(
		strstr(out.data, "- `steps[].wait.lines` (a whole number, from 1 to 9, default `3`): Lines.\n"));
}

static void test_groups(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span groups[REGEX_MAX_GROUPS], subject = SPAN("x k=v y");
	const struct regex *re;
	struct err err;

	(void)state;
	assert_int_equal(regex_compile(&a, SPAN("(?<key>k)=(v)(z)?"), &re, &err), 0);
	assert_int_equal(regex_groups(re), 4);
	assert_null(regex_group_name(re, 0));
	assert_string_equal(regex_group_name(re, 1), "key");
	assert_null(regex_group_name(re, 2));
	assert_int_equal(regex_find(re, subject, 0, groups), REGEX_MATCH);
	assert_ptr_equal(groups[0].s, subject.s + 2);
	assert_int_equal(groups[0].len, 3);
	assert_true(span_eq(groups[1], "k") && span_eq(groups[2], "v"));
	assert_null(groups[3].s);
	assert_int_equal(regex_find(re, subject, 3, groups), REGEX_NO_MATCH);
}

static void test_many_groups(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF pattern = {0};
	struct span groups[REGEX_MAX_GROUPS];
	const struct regex *re;
	struct err err;

	(void)state;
	for (int i = 0; i < 40; i++)
		buf_printf(&pattern, "(?<g%d>.)", i);
	assert_int_equal(regex_compile(&a, (struct span){pattern.data, pattern.len}, &re, &err), 0);
	assert_int_equal(regex_groups(re), 41);
	assert_int_equal(regex_find(re, SPAN("abcdefghijklmnopqrstuvwxyzabcdefghijklmnop"), 0, groups), REGEX_MATCH);
	assert_true(span_eq(groups[31], "e"));
	assert_string_equal(regex_group_name(re, 31), "g30");
}

static void test_limit(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span groups[REGEX_MAX_GROUPS];
	const struct regex *re;
	struct err err;

	(void)state;
	assert_int_equal(regex_compile(&a, SPAN("^(a+)+$"), &re, &err), 0);
	assert_int_equal(regex_find(re, SPAN("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), 0, groups),
	                 REGEX_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices), cmocka_unit_test(test_sections_that_may_be_left_out),
		cmocka_unit_test(test_faults),  cmocka_unit_test(test_reference),
		cmocka_unit_test(test_groups),  cmocka_unit_test(test_many_groups),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
