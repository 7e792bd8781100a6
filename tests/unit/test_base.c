/* Arenas, buffers, spans, UTF-8 and errors at their edges. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/scan.h"
#include "base/utf8.h"

static void test_arena(void **state)
{
	struct arena a = {0};
	char *kept;

	(void)state;
	kept = arena_strdup(&a, "kept");
	for (size_t size = 0; size < 5000; size += 7) {
		char *p = arena_alloc(&a, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		memset(p, 0xff, size);
	}
	memset(arena_alloc(&a, 3 << 20), 0xff, 3 << 20);
	assert_string_equal(kept, "kept");
	assert_string_equal(arena_printf(&a, "%s-%d", kept, 7), "kept-7");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	for (int i = 0; i < 64; i++)
		assert_int_equal(((char *)arena_zalloc(&a, 64))[i], 0);
	arena_reset(&a);
	assert_true(a.allocated <= 1 << 20);
	arena_fini(&a);
	arena_fini(&a);
	assert_int_equal(a.allocated, 0);
}

static void test_arena_trim(void **state)
{
	struct arena a = {0};
	char *p, *q;

	(void)state;
	p = arena_alloc(&a, 1000);
	memcpy(p, "abc", 4);
	arena_trim(&a, p, 1000, 4);
	q = arena_alloc(&a, 8);
	memset(q, 'x', 8);
	assert_string_equal(p, "abc");
	arena_trim(&a, arena_alloc(&a, 10), 10, 0);
	arena_fini(&a);
}

static void test_buf_limit(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	buf_puts(&b, "0123456789");
	assert_false(b.failed);
	assert_int_equal(b.len, 10);
	buf_putc(&b, 'x');
	assert_true(b.failed);
	assert_string_equal(b.data, "0123456789");
	buf_reset(&b);
	assert_false(b.failed);
	buf_printf(&b, "%s", "01234567890");
	assert_true(b.failed);
	assert_int_equal(b.len, 0);
	buf_puts(&b, "x"); /* sticky */
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

/* The limit holds although the memory grew beyond it. */
static void test_buf_limit_after_growth(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 300);
	for (int i = 0; i < 400; i++)
		buf_putc(&b, 'x');
	assert_true(b.failed);
	assert_int_equal(b.len, 300);
	buf_fini(&b);
	buf_init(&b, 100);
	for (int i = 0; i < 200; i++)
		buf_putc(&b, 'x');
	assert_int_equal(b.len, 100);
	buf_fini(&b);
}

static void test_buf_text(void **state)
{
	struct buf CLEANUP_BUF b = {0};
	size_t len;
	char *taken;

	(void)state;
	buf_json(&b, "a\"\\\n\t\x01\x7f\xc3\xa4\xff/");
	assert_string_equal(b.data, "\"a\\\"\\\\\\n\\t\\u0001\\u007f\xc3\xa4\xef\xbf\xbd/\"");
	buf_reset(&b);
	buf_html(&b, "<a href=\"x\">'&'</a>");
	assert_string_equal(b.data, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
	taken = buf_take(&b, &len);
	assert_int_equal(len, strlen(taken));
	assert_null(b.data);
	free(taken);
	assert_null(buf_take(&b, &len));
	assert_int_equal(len, 0);
}

static void test_scan(void **state)
{
	struct span rest = SPAN("a  b\tc\n\nlast"), line, field;
	uint64_t n;
	char text[4];

	(void)state;
	assert_true(scan_line(&rest, &line));
	assert_true(scan_field(&line, &field) && span_eq(field, "a"));
	assert_true(scan_field(&line, &field) && span_eq(field, "b"));
	assert_true(scan_field(&line, &field) && span_eq(field, "c"));
	assert_false(scan_field(&line, &field));
	assert_true(scan_line(&rest, &line) && line.len == 0);
	assert_true(scan_line(&rest, &line) && span_eq(line, "last"));
	assert_false(scan_line(&rest, &line));
	rest = SPAN(" 12 x");
	assert_true(scan_u64(&rest, &n) && n == 12);
	assert_false(scan_u64(&rest, &n));
	rest = SPAN("k=v=w");
	assert_true(scan_until(&rest, '=', &field) && span_eq(field, "k") && span_eq(rest, "v=w"));
	assert_false(scan_until(&rest, ';', &field));
	assert_true(span_eq(rest, "v=w"));
	assert_true(span_eq(span_trim(SPAN(" \t x y \r\n")), "x y"));
	assert_int_equal(span_trim(SPAN(" \n ")).len, 0);
	assert_true(span_starts(SPAN("abc"), "ab") && !span_starts(SPAN("a"), "ab"));
	assert_true(span_copy(SPAN("abc"), text, sizeof(text)));
	assert_false(span_copy(SPAN("abcd"), text, sizeof(text)));
	assert_false(span_copy(SPAN("a\0b"), text, sizeof(text)));
	rest = (struct span){NULL, 0};
	assert_false(scan_line(&rest, &line) || scan_field(&rest, &field));
	assert_false(span_eq(SPAN("a\0"), "a"));
}

static void test_utf8(void **state)
{
	static const char *const good[] = {"",
	                                   "a",
	                                   "\xc2\x80",
	                                   "\xdf\xbf",
	                                   "\xe0\xa0\x80",
	                                   "\xed\x9f\xbf",
	                                   "\xee\x80\x80",
	                                   "\xf0\x90\x80\x80",
	                                   "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {
		"\x80",         "\xc0\x80",         "\xc1\xbf",         "\xc2",         "\xc2x",
		"\xe0\x9f\xbf", "\xe0\xa0",         "\xed\xa0\x80",     "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
		"\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe",         "\xff",
		"a\xe2\x82"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(utf8_valid(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_true(utf8_valid("\0", 1));
}

static void test_err(void **state)
{
	struct err err;
	char longest[1000];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(err_set(&err, "%d of %s", 1, "two"), -1);
	assert_int_equal(err_wrap(&err, "context"), -1);
	assert_string_equal(err.text, "context: 1 of two");
	err_set(&err, "%s", longest);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_set(&err, "cause");
	err_wrap(&err, "%s", longest);
	assert_non_null(strstr(err.text, ": cause"));
	errno = ENOENT;
	err_errno(&err, "%s", longest);
	assert_non_null(strstr(err.text, ": No such file or directory"));
	errno = EACCES;
	err_errno(&err, "file");
	assert_string_equal(err.text, "file: Permission denied");
	assert_int_equal(errno, EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),     cmocka_unit_test(test_arena_trim),
		cmocka_unit_test(test_buf_limit), cmocka_unit_test(test_buf_limit_after_growth),
		cmocka_unit_test(test_buf_text),  cmocka_unit_test(test_scan),
		cmocka_unit_test(test_utf8),      cmocka_unit_test(test_err),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
