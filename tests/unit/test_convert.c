/* Pieces of converting: selectors of LogQL, durations and sizes as Go and Promtail write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "convert/selector.h"
#include "convert/writer.h"

static void test_selector(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct selector s;
	struct err err;

	(void)state;
	assert_int_equal(
		selector_parse(&a, SPAN(" {app=\"a\\\"b\", b != \"c\",d=~`e\\d`} |= \"f\" !~ \"g\""), &s, &err), 0);
	assert_int_equal(s.n, 5);
	assert_string_equal(s.parts[0].label, "app");
	assert_string_equal(s.parts[0].value, "a\"b");
	assert_false(s.parts[0].regex || s.parts[0].negated);
	assert_true(s.parts[1].negated && !s.parts[1].regex);
	assert_string_equal(s.parts[2].value, "e\\d");
	assert_true(s.parts[2].regex && !s.parts[2].negated);
	assert_null(s.parts[3].label);
	assert_true(s.parts[4].regex && s.parts[4].negated && !s.parts[4].label);
	assert_int_equal(selector_parse(&a, SPAN("{}"), &s, &err), 0);
}

static void test_what_is_no_selector(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"{a}",
		"{a=}",
		"{a=\"b}",
		"{a=\"b\" c",
		"{a=\"\\",
		"{a=\"\\x\"}",
		"{=\"b\"}",
		"{a=\"b\"} | json",
		"{a=\"b\"} |=",
		"{a=\"b\"} x",
		"{a=\"b\"} |= b",
		"{a|=\"b\"}",
	};
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF many = {0};
	struct selector s;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (selector_parse(&a, span_of(bad[i]), &s, &err) == 0)
			fail_msg("%s", bad[i]);
	buf_puts(&many, "{}");
	for (int i = 0; i <= SELECTOR_PARTS; i++)
		buf_puts(&many, " |= \"x\"");
	assert_int_equal(selector_parse(&a, (struct span){many.data, many.len}, &s, &err), -1);
}

struct texts {
	const char *theirs, *ours;
};

static void assert_texts(const char *(*convert)(struct writer *w, const struct node *node), const struct texts *cases,
                         size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct arena CLEANUP(arena_fini) a = {0};
		struct conversion CLEANUP(conversion_fini) to = {0};
		struct writer w = {.a = &a, .file = "f", .to = &to, .out = &to.out};
		struct node node = {.kind = NODE_SCALAR, .text = span_of(cases[i].theirs)};
		const char *ours = convert(&w, &node);

		if (!ours != !cases[i].ours || (ours && strcmp(ours, cases[i].ours) != 0))
			fail_msg("%s: %s instead of %s", cases[i].theirs, ours ? ours : "nothing", cases[i].ours);
		assert_int_equal(to.lost, !cases[i].ours);
		buf_fini(&w.comments);
	}
}

static void test_durations(void **state)
{
	static const struct texts cases[] = {
		{"3s", "3s"},        {"1m30s", "1m30s"},
		{"1.5s", "1s500ms"}, {"24h", "1d"},
		{"100us", "1ms"},    {"5m0.25s", "5m250ms"},
		{"2w", "2w"},        {"soon", NULL},
		{"", NULL},          {"3x", NULL},
		{"3", NULL},         {"3s x", NULL},
		{"-3s", NULL},       {"9999999999999h", NULL},
	};

	(void)state;
	assert_texts(duration_text, cases, ARRAY_LEN(cases));
}

static void test_sizes(void **state)
{
	static const struct texts cases[] = {
		{"8kb", "8KiB"},  {"1048576", "1MiB"}, {"1.5MB", "1536KiB"}, {"10B", "10B"},
		{"8 kb", "8KiB"}, {"x", NULL},         {"1xb", NULL},        {"1kb2kb", NULL},
	};

	(void)state;
	assert_texts(size_text, cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selector),
		cmocka_unit_test(test_what_is_no_selector),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
