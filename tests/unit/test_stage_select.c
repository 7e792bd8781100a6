/* Stages that change or leave out: level, template, replace, drop, keep, sample, limit, truncate. */
#include "stage_fixture.h"

static void assert_level(struct fixture *x, const char *line, const char *level)
{
	struct buf CLEANUP_BUF expected = {0};

	buf_printf(&expected, "%s%s%s", line, level ? " got.level=" : "", level ? level : "");
	assert_step(x, "stages:\n- level:\n", line, expected.data);
}

static void test_level_of_a_line(void **state)
{
	struct fixture *x = *state;

	assert_level(x, "INFO:     127.0.0.1 - GET /", "info");
	assert_level(x, "2026-11-23 01:02:03.123 UTC [12] ERROR:  deadlock", "error");
	assert_level(x, "2026-11-23 01:02:03.123 UTC [12] LOG:  checkpoint", "info");
	assert_level(x, "2026-11-23 WARNING slow", "warn");
	assert_level(x, "[warn] slow", "warn");
	assert_level(x, "error: no such file", "error");
	assert_level(x, "level=debug msg=x", "debug");
	assert_level(x, "{\"level\":\"fatal\"}", "critical");
	assert_level(x, "Traceback (most recent call last):", "error");
	assert_level(x, "there was no error here", NULL);
	assert_int_equal(failures(x, "no level"), 1);
	assert_level(x, "errors everywhere", NULL);
	assert_level(x, "", NULL);
}

static void test_level_of_a_value(void **state)
{
	struct fixture *x = *state;
	static const char one[] = "stages:\n- logfmt: {fields: {level: l}}\n- level:\n";

	assert_step(x, one, "l=Warning", "l=Warning got.level=warn");
	assert_step(x, one, "l=3", "l=3 got.level=error");
	assert_step(x, one, "l=30", "l=30 got.level=info");
	assert_step(x, one, "l=7000 DEBUG", "l=7000 DEBUG got.level=debug");
	assert_step(x, "stages:\n- logfmt: {fields: [p]}\n- level: {source: p}\n", "p=0", "p=0 got.p=critical");
}

static void test_template(void **state)
{
	struct fixture *x = *state;
	static const char *const cases[][2] = {
		{"{{.a}}-{{ .b }}", "xY-z"},          {"{{.a | ToUpper}}{{ToLower .a}}", "XYxy"},
		{"{{.Value}}={{.nothing}}!", "xY=!"}, {"{{ .Entry | TrimSpace }}", "a=xY b=z"},
		{"plain }} {", "plain }} {"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		struct buf CLEANUP_BUF expected = {0};

		snprintf(text, sizeof(text),
		         "stages:\n- logfmt: {fields: [a, b]}\n- template: {source: a, template: '%s'}\n"
		         "- output: {source: a}\n",
		         cases[i][0]);
		buf_printf(&expected, "%s got.a=%s got.b=z", cases[i][1], cases[i][1]);
		assert_step(x, text, "a=xY b=z", expected.data);
	}
	assert_step(x, "stages:\n- logfmt: {fields: [a]}\n- template: {source: a, template: '{{.b}}'}\n", "a=1", "a=1");
	assert_refused(x, "stages:\n- template: {source: a, template: '{{.a'}\n", "{{ with no value");
	assert_refused(x, "stages:\n- template: {source: a, template: '{{a}}'}\n", "{{ with no value");
	assert_refused(x, "stages:\n- template: {source: a, template: '{{.a | Hash}}'}\n", "{{ with no value");
}

static void test_replace(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- replace: {expression: 'id=(\\d+)', replace: 'N'}\n", "id=12 id=3 x", "id=N id=N x");
	assert_step(x, "stages:\n- replace: {expression: '\\d+', replace: ''}\n", "a1b22", "ab");
	assert_refused(x, "stages:\n- replace: {expression: '', replace: 'x'}\n", "expression is empty");
}

static void test_replace_edges(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- replace: {expression: 'x*', replace: '-'}\n", "\xc3\xa4", "-\xc3\xa4-");
	assert_step(x, "stages:\n- replace: {expression: '((a)b)', replace: 'X'}\n", "abab", "XX");
	assert_step(x, "stages:\n- logfmt: {fields: [a]}\n- replace: {expression: 'l', source: a, replace: LL}\n",
	            "a=hello", "a=hello got.a=heLLLLo");
	assert_step(x, "stages:\n- replace: {expression: '^(a+)+$', replace: x}\n",
	            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	assert_int_equal(failures(x, "match limit"), 1);
	assert_step(x, "stages:\n- replace: {expression: 'x', replace: y}\n", "", "");
}

static void test_replace_grows_no_further_than_a_mebibyte(void **state)
{
	struct fixture *x = *state;
	struct buf CLEANUP_BUF line = {0};

	for (int i = 0; i < 60000; i++)
		buf_putc(&line, 'x');
	stages(x, "stages:\n- replace: {expression: 'x', replace: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy}\n");
	push_bytes(x, line.data, line.len);
	assert_int_equal(dropped(x, "too long"), 1);
}

static void test_drop_and_keep(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- drop: {expression: 'health'}\n", "GET /health", "DROPPED drop");
	assert_int_equal(dropped(x, "drop"), 1);
	assert_step(x, "stages:\n- drop: {expression: 'health', reason: probes}\n", "GET /health", "DROPPED probes");
	assert_int_equal(dropped(x, "probes"), 1);
	assert_step(x, "stages:\n- drop: {expression: 'health'}\n", "GET /", "GET /");
	assert_step(x, "stages:\n- logfmt: {fields: [a]}\n- drop: {source: a, value: b}\n", "a=b", "DROPPED drop");
	assert_step(x, "stages:\n- logfmt: {fields: [a]}\n- drop: {source: a, value: b}\n", "a=c", "a=c got.a=c");
	assert_step(x, "stages:\n- logfmt: {fields: [a]}\n- drop: {source: a}\n", "a=c", "DROPPED drop");
	assert_step(x, "stages:\n- drop: {source: a}\n", "a=c", "a=c");
	assert_step(x, "stages:\n- drop: {longer_than: 3B}\n", "abcd", "DROPPED drop");
	assert_step(x, "stages:\n- drop: {longer_than: 4B}\n", "abcd", "abcd");
	assert_step(x, "stages:\n- drop: {longer_than: 3B, expression: x}\n", "abcd", "abcd");
	assert_step(x, "stages:\n- drop: {older_than: 1d}\n", "1970", "DROPPED drop");
	assert_step(x, "stages:\n- keep: {expression: 'E'}\n", "E", "E");
	assert_step(x, "stages:\n- keep: {expression: 'E'}\n", "", "DROPPED keep");
	assert_step(x, "stages:\n- drop: {expression: '^(a+)+$'}\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!",
	            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
	assert_int_equal(failures(x, "match limit"), 1);
	assert_refused(x, "stages:\n- drop: {}\n", "holds for every entry");
	assert_refused(x, "stages:\n- keep: {expression: x, value: y}\n", "value needs the source");
}

static void test_drop_of_what_is_young(void **state)
{
	struct fixture *x = *state;
	char line[32];

	snprintf(line, sizeof(line), "t=%lld", (long long)(clock_real_ns() / NS_PER_S));
	stages(x,
	       "stages:\n- logfmt: {fields: [t]}\n- timestamp: {source: t, format: unix}\n- drop: {older_than: 1h}\n");
	push(x, line);
	assert_non_null(strstr(x->out.data, line));
	assert_int_equal(dropped(x, "drop"), 0);
}

static void test_sample(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- sample: {rate: 0.25}\n");
	for (int i = 0; i < 1000; i++)
		push(x, "x");
	assert_int_equal(dropped(x, "sample"), 750);
	stages(x, "stages:\n- sample: {rate: 1}\n");
	for (int i = 0; i < 10; i++)
		push(x, "x");
	assert_int_equal(dropped(x, "sample"), 0);
	assert_refused(x, "stages:\n- sample: {rate: 10}\n", "from 0 to 1");
	assert_refused(x, "stages:\n- sample:\n", "rate: missing");
}

static void test_limit(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- limit: {rate: 10, burst: 20}\n");
	for (int i = 0; i < 25; i++)
		push(x, "x");
	assert_int_equal(dropped(x, "limit"), 5);
	x->source = "other";
	push(x, "x");
	assert_int_equal(dropped(x, "limit"), 5);
	x->source = NULL;
	x->now_ns += NS_PER_S / 2;
	for (int i = 0; i < 6; i++)
		push(x, "x");
	assert_int_equal(dropped(x, "limit"), 6);
	assert_refused(x, "stages:\n- limit: {rate: 0}\n", "above 0");
}

static void test_limit_of_many_streams(void **state)
{
	struct fixture *x = *state;
	char name[16];

	stages(x, "stages:\n- limit: {rate: 1}\n");
	x->source = name;
	for (int i = 0; i < 1000; i++) {
		x->now_ns++;
		snprintf(name, sizeof(name), "%d", i);
		push(x, "x");
		push(x, "x");
	}
	assert_int_equal(dropped(x, "limit"), 1000);
}

static void test_truncate(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- truncate: {max_bytes: 16B}\n", "0123456789abcdef", "0123456789abcdef");
	assert_step(x, "stages:\n- truncate: {max_bytes: 16B}\n", "0123456789abcdefg", "0123456789abc\xe2\x80\xa6");
	assert_step(x, "stages:\n- truncate: {max_bytes: 16B, suffix: ''}\n", "0123456789abcde\xc3\xa4",
	            "0123456789abcde");
	assert_int_equal(failures(x, "cut"), 1);
	assert_step(x, "stages:\n- truncate: {max_bytes: 16B, suffix: ''}\n",
	            "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80"
	            "\x80\x80\x80\x80\x80\x80\x80",
	            "");
	assert_refused(x, "stages:\n- truncate: {max_bytes: 16B, suffix: 'aaaaaaaaaaaaaaaaaaaaaaaa'}\n", "shorten");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_level_of_a_line),
		TEST(test_level_of_a_value),
		TEST(test_template),
		TEST(test_replace),
		TEST(test_replace_edges),
		TEST(test_replace_grows_no_further_than_a_mebibyte),
		TEST(test_drop_and_keep),
		TEST(test_drop_of_what_is_young),
		TEST(test_sample),
		TEST(test_limit),
		TEST(test_limit_of_many_streams),
		TEST(test_truncate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
