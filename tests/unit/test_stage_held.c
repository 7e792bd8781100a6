/* Stages that hold entries until they are whole: multiline and docker. */
#include "stage_fixture.h"

static void end(struct fixture *x)
{
	pipeline_flush(x->pipeline, x->now_ns, true);
}

static void test_first_line(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- multiline: {first_line: '^\\d{4}-'}\n");
	push(x, "2026-1 a");
	push(x, "b");
	push(x, "");
	assert_out(x, "");
	assert_int_equal(pipeline_held_from(x->pipeline), 0);
	push(x, "2026-2 c");
	assert_out(x, "0-12 2026-1 a\nb\n\n");
	assert_int_equal(pipeline_held_from(x->pipeline), 12);
	end(x);
	assert_out(x, "12-21 2026-2 c\n");
	assert_int_equal(pipeline_held_from(x->pipeline), UINT64_MAX);
	assert_int_equal(pipeline_due_ns(x->pipeline), INT64_MAX);
	end(x);
	assert_out(x, "");
}

static void test_rest_of_an_entry_comes_first(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- multiline: {first_line: '^x'}\n");
	push(x, "rest");
	push(x, "x1");
	assert_out(x, "0-5 rest\n");
}

static void test_time(void **state)
{
	struct fixture *x = *state;
	int64_t begin = x->now_ns;

	stages(x, "stages:\n- multiline: {first_line: '^x', max_wait: 2s}\n");
	push(x, "x1");
	assert_int_equal(pipeline_due_ns(x->pipeline), begin + 2 * NS_PER_S);
	x->now_ns += NS_PER_S;
	push(x, "y");
	assert_int_equal(pipeline_due_ns(x->pipeline), begin + 3 * NS_PER_S);
	pipeline_flush(x->pipeline, begin + 3 * NS_PER_S - 1, false);
	assert_out(x, "");
	pipeline_flush(x->pipeline, begin + 3 * NS_PER_S, false);
	assert_out(x, "0-5 x1\ny\n");
	push(x, "z");
	end(x);
	assert_out(x, "5-7 z\n");
}

static void test_limits(void **state)
{
	struct fixture *x = *state;
	char line[600];

	stages(x, "stages:\n- multiline: {first_line: '^x', max_lines: 2}\n");
	push(x, "x1");
	push(x, "y");
	push(x, "z");
	assert_out(x, "0-5 x1\ny\n");
	assert_int_equal(failures(x, "entry too large"), 1);
	end(x);
	assert_out(x, "5-7 z\n");
	stages(x, "stages:\n- multiline: {first_line: '^x', max_bytes: 1KiB}\n");
	memset(line, 'y', sizeof(line));
	push_bytes(x, line, sizeof(line));
	push_bytes(x, line, sizeof(line));
	assert_int_equal(x->out.len, strlen("7-608 ") + sizeof(line) + 1);
}

static const char *const traceback[] = {
	"Traceback (most recent call last):",
	"  File \"/app/db.py\", line 3, in get",
	"    conn = pool.getconn()",
	"psycopg2.pool.PoolError: connection pool exhausted",
	"",
	"During handling of the above exception, another exception occurred:",
	"",
	"Traceback (most recent call last):",
	"  File \"/app/main.py\", line 7, in search",
	"RuntimeError",
};

static void test_a_traceback_is_one_entry(void **state)
{
	struct fixture *x = *state;
	size_t lines = 1;

	stages(x, "stages:\n- multiline: {}\n");
	push(x, "INFO:     started");
	push(x, "ERROR:    Exception in ASGI application");
	assert_out(x, "0-18 INFO:     started\n");
	for (size_t i = 0; i < ARRAY_LEN(traceback); i++)
		push(x, traceback[i]);
	assert_out(x, "");
	push(x, "INFO:     next");
	for (const char *p = x->out.data; (p = strchr(p, '\n')) && p[1]; p++)
		lines++;
	assert_int_equal(lines, 1 + ARRAY_LEN(traceback));
	assert_non_null(strstr(x->out.data, "18-"));
	assert_non_null(strstr(x->out.data, "\nRuntimeError\n"));
}

static void test_binary_lines(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- multiline: {}\n");
	push_bytes(x, "\0\xff", 2);
	push_bytes(x, " \0b", 3);
	end(x);
	assert_memory_equal(x->out.data, "0-7 \0\xff\n \0b\n", 12);
}

static void test_streams_are_kept_apart(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- multiline: {first_line: '^x'}\n");
	x->source = "a";
	push(x, "x1");
	x->source = "b";
	push(x, "x2");
	x->source = "a";
	push(x, "y1");
	x->source = "b";
	push(x, "y2");
	end(x);
	assert_out(x, "0-9 x1\ny1 label.source=a\n3-12 x2\ny2 label.source=b\n");
}

static void test_more_streams_than_slots(void **state)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	struct fixture *x = *state;

	stages(x, "stages:\n- multiline: {first_line: '^x'}\n");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		x->source = names[i];
		x->now_ns++;
		push(x, "x");
	}
	assert_out(x, "0-2 x label.source=a\n2-4 x label.source=b\n");
	end(x);
	assert_non_null(strstr(x->out.data, "18-20 x label.source=j\n"));
}

#define LINE(text, stream) "{\"log\":\"" text "\",\"stream\":\"" stream "\",\"time\":\"2023-11-14T22:13:20.5Z\"}"

static void test_docker(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- docker:\n", LINE("a \\\"b\\\"\\r\\n", "stdout"),
	            "a \"b\" @1700000000500000000 label.stream=stdout");
	assert_step(x, "stages:\n- docker:\n", LINE("\\n", "stderr"), " @1700000000500000000 label.stream=stderr");
	assert_step(x, "stages:\n- docker:\n", "plain", "plain");
	assert_int_equal(failures(x, "not Docker's JSON"), 1);
	assert_step(x, "stages:\n- docker:\n", "{\"log\":\"x\\n\",\"time\":\"soon\"}", "x");
	assert_int_equal(failures(x, "no such time"), 1);
}

static void test_docker_pieces(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- docker: {}\n");
	push(x, LINE("a", "stdout"));
	push(x, LINE("1", "stderr"));
	push(x, LINE("b", "stdout"));
	assert_out(x, "");
	assert_int_equal(pipeline_held_from(x->pipeline), 0);
	push(x, LINE("c\\n", "stdout"));
	assert_out(x, "0-250 abc @1700000000500000000 label.stream=stdout\n");
	assert_int_equal(pipeline_held_from(x->pipeline), 62);
	pipeline_flush(x->pipeline, x->now_ns + 3 * NS_PER_S, false);
	assert_out(x, "62-124 1 @1700000000500000000 label.stream=stderr\n");
	push(x, LINE("d", "stdout"));
	end(x);
	assert_out(x, "250-312 d @1700000000500000000 label.stream=stdout\n");
}

static void test_docker_pieces_without_end(void **state)
{
	struct fixture *x = *state;
	struct buf CLEANUP_BUF line = {0};

	buf_puts(&line, "{\"log\":\"");
	for (int i = 0; i < 10000; i++)
		buf_putc(&line, 'x');
	buf_puts(&line, "\"}");
	stages(x, "stages:\n- docker: {max_bytes: 16KiB}\n");
	for (int i = 0; i < 10; i++)
		push_bytes(x, line.data, line.len);
	assert_int_equal(failures(x, "line too long"), 9);
	end(x);
	assert_in_range(x->out.len, 100000, 100400);
}

static void test_docker_then_multiline(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- docker:\n- multiline:\n- regex: {expression: '^(?P<first>.)'}\n- labels: [first]\n");
	push(x, LINE("x\\n", "stdout"));
	push(x, LINE("e\\n", "stderr"));
	push(x, LINE(" y\\n", "stdout"));
	assert_out(x, "");
	end(x);
	assert_out(x,
	           "0-193 x\n y @1700000000500000000 label.stream=stdout label.first=x got.first=x\n"
	           "64-128 e @1700000000500000000 label.stream=stderr label.first=e got.first=e\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_first_line),
		TEST(test_rest_of_an_entry_comes_first),
		TEST(test_time),
		TEST(test_limits),
		TEST(test_a_traceback_is_one_entry),
		TEST(test_binary_lines),
		TEST(test_streams_are_kept_apart),
		TEST(test_more_streams_than_slots),
		TEST(test_docker),
		TEST(test_docker_pieces),
		TEST(test_docker_pieces_without_end),
		TEST(test_docker_then_multiline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
