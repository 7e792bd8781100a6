#include "logs/json_read.h"
#include "stage_fixture.h"

#define JSON(fields) "stages:\n- json: {fields: " fields "}\n"

static void test_fields(void **state)
{
	struct fixture *x = *state;

	assert_step(x, JSON("[level, status]"), "{\"level\":\"info\",\"status\":200}",
	            "{\"level\":\"info\",\"status\":200} got.level=info got.status=200");
	assert_step(x, JSON("{l: a.b.c}"), " { \"a\" : { \"b\" : { \"c\" : -1.5e3 } } } ",
	            " { \"a\" : { \"b\" : { \"c\" : -1.5e3 } } }  got.l=-1.5e3");
	assert_step(x, JSON("[o, l, t, n]"), "{\"o\":{\"x\": 1},\"l\":[1,[]],\"t\":true,\"n\":null}",
	            "{\"o\":{\"x\": 1},\"l\":[1,[]],\"t\":true,\"n\":null} got.o={\"x\": 1} got.l=[1,[]] got.t=true");
}

static void test_both_a_field_and_what_lies_in_it(void **state)
{
	assert_step(*state, JSON("{o: a, x: a.x}"), "{\"a\":{\"x\":1}}", "{\"a\":{\"x\":1}} got.o={\"x\":1} got.x=1");
}

static void test_last_of_a_name_counts(void **state)
{
	struct fixture *x = *state;

	assert_step(x, JSON("[a]"), "{\"a\":1,\"a\":\"z\"}", "{\"a\":1,\"a\":\"z\"} got.a=z");
	assert_step(x, JSON("{x: a.b}"), "{\"a\":{\"b\":1},\"a\":2}", "{\"a\":{\"b\":1},\"a\":2}");
}

static void test_escapes(void **state)
{
	struct fixture *x = *state;

	assert_step(x, JSON("[a]"), "{\"a\":\"\\\"\\\\\\/\\u00e4\\ud83d\\ude00\\ud83d\\u0000\"}",
	            "{\"a\":\"\\\"\\\\\\/\\u00e4\\ud83d\\ude00\\ud83d\\u0000\"} "
	            "got.a=\"\\/\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd");
	assert_step(x, JSON("[ab]"), "{\"\\u0061b\":\"x\"}", "{\"\\u0061b\":\"x\"} got.ab=x");
}

static void test_what_is_no_json(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{}x",
		"[1]",
		"1",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1",
		"{\"a\":01}",
		"{\"a\":1,}",
		"{a:1}",
		"{\"a\":tru}",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\t\"}",
		"{\"a\":+1}",
		"{\"a\":1.}",
		"{\"a\":.5}",
		"{\"a\":[1 2]}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":1e}",
		"{\"a\":\"b}",
	};
	struct fixture *x = *state;

	stages(x, JSON("[a]"));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		push(x, texts[i]);
		if (strstr(x->out.data, "got."))
			fail_msg("%s gives %s", texts[i], x->out.data);
		buf_reset(&x->out);
	}
	assert_true(failures(x, "not JSON") == ARRAY_LEN(texts));
	assert_step(x, "stages:\n- json: {fields: [a], drop_malformed: true}\n", "{\"a\":1", "DROPPED not JSON");
	assert_true(dropped(x, "not JSON") == 1);
}

static void test_source(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- json: {fields: [a]}\n- json: {fields: [b], source: a}\n",
	            "{\"a\":\"{\\\"b\\\":7}\"}", "{\"a\":\"{\\\"b\\\":7}\"} got.a={\"b\":7} got.b=7");
	assert_step(x, "stages:\n- json: {fields: [b], source: a}\n", "x", "x");
	assert_true(failures(x, "source is missing") == 1);
}

static void test_nul_and_binary(void **state)
{
	struct fixture *x = *state;

	stages(x, JSON("[a]"));
	push_bytes(x, "{\"a\":\"\0\"}", 9);
	push_bytes(x, "{\"a\":\"\\\0\"}", 10);
	push_bytes(x, "{\"a\":\"\xff\xfe\"}", 10);
	assert_true(failures(x, "not JSON") == 2);
}

static char *repeated(struct arena *a, const char *head, const char *piece, size_t n, const char *tail)
{
	struct buf b = {0};
	char *text;

	buf_puts(&b, head);
	for (size_t i = 0; i < n; i++)
		buf_puts(&b, piece);
	buf_puts(&b, tail);
	text = arena_strdup(a, b.data);
	buf_fini(&b);
	return text;
}

static void test_depth_and_size(void **state)
{
	struct fixture *x = *state;

	stages(x, JSON("[a]"));
	push(x, repeated(&x->arena, "{\"b\":", "[", 100000, ""));
	assert_true(failures(x, "not JSON") == 1);
	buf_reset(&x->out);
	push(x, repeated(&x->arena, "{\"b\":\"", "xyz\\n", 100000, "\",\"a\":1}"));
	assert_non_null(strstr(x->out.data, " got.a=1"));
}

static void test_refused(void **state)
{
	struct fixture *x = *state;

	assert_refused(x, JSON("{}"), "name 1 to 64");
	assert_refused(x, JSON("{a: b..c}"), "fields.a is no path");
	assert_refused(x, JSON("{a: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q}"), "no path");
	assert_refused(x, "stages:\n- json: {field: [a]}\n", "write fields");
	assert_refused(x, "stages:\n- jsn: {fields: [a]}\n", "no such key: jsn; write json");
	assert_refused(x, "stages:\n- {json: {fields: [a]}, labels: [a]}\n", "a section of one key");
	assert_refused(x, "stages:\n- json\n", "a section of one key");
	assert_refused(x, "stages: {json: {fields: [a]}}\n", "expected a list");
}

static void test_labels(void **state)
{
	struct fixture *x = *state;

	assert_step(x, JSON("[a, b]") "- labels: [a, c]\n", "{\"a\":\"x\",\"b\":\"\"}",
	            "{\"a\":\"x\",\"b\":\"\"} label.a=x got.a=x got.b=");
	assert_step(x, JSON("[a, b]") "- labels: {one: a, two: b, a: }\n", "{\"a\":\"x\",\"b\":\"\"}",
	            "{\"a\":\"x\",\"b\":\"\"} label.one=x label.a=x got.a=x got.b=");
	assert_refused(x, "stages:\n- labels: [1a]\n", "cannot be a key here");
	assert_refused(x, "stages:\n- labels: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]\n", "at most 15");
}

static void test_too_many_labels(void **state)
{
	struct fixture *x = *state;

	x->source = "s";
	stages(x, JSON("[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o]")
	       "- labels: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o]\n");
	push(x,
	     "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,"
	     "\"n\":1,\"o\":1}");
	assert_null(strstr(x->out.data, "label.o"));
	assert_non_null(strstr(x->out.data, "label.n"));
	assert_true(failures(x, "too many labels") == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fields),
		TEST(test_both_a_field_and_what_lies_in_it),
		TEST(test_last_of_a_name_counts),
		TEST(test_escapes),
		TEST(test_what_is_no_json),
		TEST(test_source),
		TEST(test_nul_and_binary),
		TEST(test_depth_and_size),
		TEST(test_refused),
		TEST(test_labels),
		TEST(test_too_many_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
