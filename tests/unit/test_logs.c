/* The parts of the log pipeline: positions through damage, replies of Loki, lines, times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "logs/inflight.h"
#include "logs/lines.h"
#include "logs/loki.h"
#include "logs/positions.h"
#include "logs/stream.h"

static char directory[64];

static int setup(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/test_logs.XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const names[] = {"positions", "positions.corrupt", "inflight"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		unlink(path);
	}
	return rmdir(directory);
}

static void commit(struct positions *p, uint64_t number, uint64_t inode, uint64_t offset)
{
	struct position file = {1, inode, 2, 3, offset, 4};
	struct tie tie = {inode, -5, 6, 8, 2};
	struct cursor cursor = {inode, "s=1f;i=2;t=5"};
	struct checkpoint c = {number, &file, 1, &tie, 1, (int64_t)number * 100, &cursor, 1};
	struct buf CLEANUP_BUF group = {0};
	struct err err;

	checkpoint_write(&c, &group);
	assert_int_equal(positions_commit(p, (struct span){group.data, group.len}, &err), 0);
}

static void expect(struct positions *p, uint64_t number, uint64_t offset)
{
	struct position file;
	struct cursor cursor;
	struct tie tie;

	assert_int_equal(positions_number(p), number);
	assert_int_equal(positions_looked(p), number * 100);
	assert_true(positions_find(p, 1, 7, &file));
	assert_int_equal(file.offset, offset);
	assert_true(positions_find_tie(p, 7, &tie));
	assert_int_equal(tie.asked, -5);
	assert_int_equal(tie.given, 6);
	assert_int_equal(tie.top, 8);
	assert_int_equal(tie.lap, 2);
	assert_true(positions_find_cursor(p, 7, &cursor));
	assert_string_equal(cursor.text, "s=1f;i=2;t=5");
	assert_false(positions_find_cursor(p, 6, &cursor));
}

static void append(const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/positions", directory);
	f = fopen(path, "a");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_positions_are_kept(void **state)
{
	bool corrupt;
	struct positions *p = positions_open(directory, &corrupt);

	(void)state;
	assert_false(corrupt);
	commit(p, 1, 7, 10);
	commit(p, 2, 7, 20);
	positions_close(p);
	append("file 1 7 2 3 99"); /* torn: the commit never came */
	p = positions_open(directory, &corrupt);
	assert_false(corrupt);
	expect(p, 2, 20);
	commit(p, 3, 7, 30);
	positions_close(p);
	p = positions_open(directory, &corrupt);
	assert_false(corrupt);
	expect(p, 3, 30);
	positions_close(p);
}

static void test_cursors_have_a_limit(void **state)
{
	bool corrupt;
	struct positions *p = positions_open(directory, &corrupt);
	struct cursor cursor;

	(void)state;
	for (uint64_t n = 1; n <= 40; n++) {
		commit(p, 2 * n - 1, 7, n);
		commit(p, 2 * n, 100 + n, n);
	}
	expect(p, 80, 40);
	assert_true(positions_find_cursor(p, 140, &cursor));
	assert_false(positions_find_cursor(p, 101, &cursor));
	positions_close(p);
	append("journal 7 \ncommit 81 1\n");
	p = positions_open(directory, &corrupt);
	assert_true(corrupt);
	expect(p, 80, 40);
	positions_close(p);
}

static void test_damaged_positions(void **state)
{
	bool corrupt;
	struct positions *p = positions_open(directory, &corrupt);

	(void)state;
	commit(p, 1, 7, 10);
	positions_close(p);
	append("file 1 7 2 3 99 4\ncommit 2 1\n");
	p = positions_open(directory, &corrupt);
	assert_true(corrupt);
	expect(p, 1, 10);
	positions_close(p);
}

static void test_damage_in_the_middle(void **state)
{
	bool corrupt;
	struct positions *p = positions_open(directory, &corrupt);
	char path[128];
	FILE *f;

	(void)state;
	commit(p, 1, 8, 5);
	commit(p, 2, 9, 5);
	commit(p, 3, 7, 10);
	positions_close(p);
	snprintf(path, sizeof(path), "%s/positions", directory);
	f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, (long)strlen("vedette positions 1\nfile 1 "), SEEK_SET);
	fputc('6', f);
	fclose(f);
	p = positions_open(directory, &corrupt);
	assert_true(corrupt);
	expect(p, 3, 10);
	positions_close(p);
}

static void test_inflight(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct inflight *f = inflight_open(directory);
	struct inflight_push push = {5, 6, 2, SPAN("tenant"), SPAN("group"), SPAN("body\0x")}, back;
	char path[128];
	struct err err;

	(void)state;
	assert_false(inflight_read(f, &a, &back));
	assert_int_equal(inflight_write(f, &push, &err), 0);
	assert_true(inflight_read(f, &a, &back));
	assert_int_equal(back.number, 5);
	assert_int_equal(back.entries, 6);
	assert_int_equal(back.done, 2);
	assert_memory_equal(back.body.s, push.body.s, push.body.len);
	assert_int_equal(inflight_note_done(f, 4, &err), 0);
	assert_true(inflight_read(f, &a, &back));
	assert_int_equal(back.done, 4);
	snprintf(path, sizeof(path), "%s/inflight", directory);
	assert_int_equal(truncate(path, 60), 0);
	assert_false(inflight_read(f, &a, &back));
	inflight_close(f);
}

static void test_verdicts(void **state)
{
	static const struct {
		int status;
		const char *text;
		enum loki_verdict verdict;
	} rows[] = {
		{204, "", LOKI_DELIVERED},
		{260, "blocked", LOKI_LATER},
		{202, "", LOKI_LATER},
		{400, "", LOKI_REFUSED},
		{401, "no org id", LOKI_DENIED},
		{404, "404 page not found", LOKI_DENIED},
		{413, "", LOKI_TOO_BIG},
		{429, "ingestion rate limit exceeded for user fake", LOKI_LATER},
		{429, "maximum active stream limit exceeded when trying to create stream", LOKI_STREAMS},
		{500, "", LOKI_LATER},
		{503, "", LOKI_LATER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(loki_verdict(rows[i].status, span_of(rows[i].text)), rows[i].verdict);
}

static void test_refused_are_counted(void **state)
{
	(void)state;
	assert_int_equal(
		loki_count_refused(SPAN("entry with timestamp x ignored,\nuser 'fake', total ignored: 3 out of "
	                                "10 for stream: {a=\"b\"}\n"),
	                           100),
		3);
	assert_int_equal(
		loki_count_refused(SPAN("entry for stream '{job=\"m2\"}' has timestamp too new: 2026-11-22"), 100), 1);
	assert_int_equal(
		loki_count_refused(SPAN("10 errors like: max entry size '200' bytes exceeded\n2 errors like: x"), 100),
		12);
	assert_int_equal(loki_count_refused(SPAN("snappy: corrupt input"), 100), 100);
	assert_int_equal(loki_count_refused(SPAN("total ignored: 300 out of 300"), 100), 100);
}

static void test_lines(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span line;

	(void)state;
	line = line_repair(&a, SPAN("a\xff\xc3\xa4"));
	assert_true(span_eq(line, "a\xef\xbf\xbd\xc3\xa4"));
	line = line_cut(&a, SPAN("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"), 8);
	assert_true(span_eq(line, "\xc3\xa4" LINE_CUT_MARK));
	assert_true(span_eq(line_trim(SPAN("\0\0a\r")), "a"));
	assert_true(lines_ascii("abcdefghij", 10));
	assert_false(lines_ascii("abcdefghi\x80", 10));
}

static void test_times_are_unique(void **state)
{
	struct stream s = {0};

	(void)state;
	assert_int_equal(stream_time(&s, 100), 100);
	assert_int_equal(stream_time(&s, 100), 101);
	assert_int_equal(stream_time(&s, 101), 102);
	assert_int_equal(stream_time(&s, 200), 200);
	assert_int_equal(stream_time(&s, 150), 150);
	assert_int_equal(stream_time(&s, 100), 103);
	assert_int_equal(stream_time(&s, 104), 104);
	assert_int_equal(stream_time(&s, 100), 105); /* 104 is taken */
	assert_int_equal(stream_time(&s, 150), 151);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Several times over the same hour, a line each second: as when a clock is put back. */
static void test_times_that_go_back(void **state)
{
	static int64_t given[5 * 3600];
	struct stream s = {0};
	size_t n = 0;

	(void)state;
	for (int pass = 0; pass < 5; pass++)
		for (int64_t t = 1; t <= 3600; t++) {
			int64_t asked = t * NS_PER_S, at = stream_time(&s, asked);

			assert_true(at >= asked && at < asked + NS_PER_MS);
			assert_true(t == 1 || at > given[n - 1]); /* in order within the pass */
			given[n++] = at;
		}
	qsort(given, n, sizeof(*given), by_value);
	for (size_t i = 1; i < n; i++)
		assert_true(given[i] > given[i - 1]);
}

static void remember(struct stream *s)
{
	struct tie tie = stream_tie(s);

	*s = (struct stream){.runs = {{tie.asked, tie.given}}, .n_runs = 1, .forgotten = tie.top, .lap = tie.lap};
}

static void test_times_through_restarts(void **state)
{
	struct stream s = {0};
	int64_t first, again;

	(void)state;
	first = stream_time(&s, 2 * NS_PER_S);
	(void)stream_time(&s, 5 * NS_PER_S);
	(void)stream_time(&s, 1 * NS_PER_S);
	remember(&s);
	again = stream_time(&s, 2 * NS_PER_S);
	assert_int_not_equal(again, first);
	remember(&s);
	assert_int_equal(stream_time(&s, 2 * NS_PER_S), again + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_positions_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cursors_have_a_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_positions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_in_the_middle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inflight, setup, teardown),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_refused_are_counted),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_times_are_unique),
		cmocka_unit_test(test_times_that_go_back),
		cmocka_unit_test(test_times_through_restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
