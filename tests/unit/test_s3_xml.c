/* XML of S3 stores: what they write is read, all else is refused, wherever it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "exporters/minio/common_s3_xml.h"

/* "parent/name=text;" for each item, then "." for a good end or "!" for a bad one. */
static char *items(struct arena *a, struct span document)
{
	struct buf CLEANUP_BUF out = {0};
	struct s3_xml_item item;
	struct s3_xml x;
	struct err err = {""};
	int rc;

	s3_xml_init(&x, a, document);
	while ((rc = s3_xml_next(&x, &item, &err)) > 0)
		buf_printf(&out, "%.*s/%.*s%s%s;", (int)item.parent.len, item.parent.s, (int)item.name.len, item.name.s,
		           item.text ? "=" : "", item.text ? item.text : "");
	buf_putc(&out, rc ? '!' : '.');
	if (rc)
		assert_non_null(strstr(err.text, "no XML of S3: byte "));
	return arena_strndup(a, out.data, out.len);
}

static void is(const char *document, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0};

	assert_string_equal(items(&a, span_of(document)), expected);
}

static const char listing[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\" a = 'x>y'><Name>media</Name><Prefix/>"
	"<Contents><Key>a &amp; b&#x9;&#233;&#x20ac;&#x1F600;</Key><Size>17</Size></Contents >\n <A>\n</A>"
	"</ListBucketResult>\n ";

static void test_good(void **state)
{
	(void)state;
	is(listing,
	   "ListBucketResult/Name=media;ListBucketResult/Prefix=;Contents/Key=a & b\t\xc3\xa9\xe2\x82\xac"
	   "\xf0\x9f\x98\x80;Contents/Size=17;ListBucketResult/Contents;ListBucketResult/A=\n;/ListBucketResult;.");
	is("<A/>", "/A=;.");
	is("\xef\xbb\xbf<A>&lt;&gt;&quot;&apos;</A>", "/A=<>\"';.");
}

static void test_bad(void **state)
{
	static const char *const documents[] = {
		"",
		" ",
		"text",
		"<",
		"<A",
		"<A>",
		"<A></B>",
		"<A></A",
		"</A>",
		"<A/><B/>",
		"<A></A>x",
		"x<A/>",
		"<A b/>",
		"<A b=c/>",
		"<A b=\"<\"/>",
		"<A b=\"c/>",
		"<A>x<B/></A>",
		"<A><B/>x</A>",
		"<A>&</A>",
		"<A>&nbsp;</A>",
		"<A>&#0;</A>",
		"<A>&#xd800;</A>",
		"<A>&#x110000;</A>",
		"<A>&#-1;</A>",
		"<A>&#;</A>",
		"<A>&#x;</A>",
		"<A>&#1;</A>",
		"<A>\001</A>",
		"<A>\xff</A>",
		"<!DOCTYPE a [<!ENTITY b \"c\">]><A>&b;</A>",
		"<A><!-- --></A>",
		"<A><![CDATA[x]]></A>",
		"<?xml",
		"<A><?php ?></A>",
		"<A><A><A><A><A><A><A><A><A></A></A></A></A></A></A></A></A></A>",
		"<html><br></html>",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		struct arena CLEANUP(arena_fini) a = {0};
		char *got = items(&a, span_of(documents[i]));

		if (!strchr(got, '!'))
			print_error("%s: %s\n", documents[i], got);
		assert_non_null(strchr(got, '!'));
	}
	is("<A>\001</A>", "!");
}

/* Any beginning of it is refused, and what comes out of it before is a beginning of the whole. */
static void test_cut(void **state)
{
	struct arena CLEANUP(arena_fini) whole_arena = {0};
	char *whole = items(&whole_arena, span_of(listing));
	size_t root = strlen(listing) - 2;

	(void)state;
	for (size_t n = 0; n < root; n++) {
		struct arena CLEANUP(arena_fini) a = {0};
		char *copy = arena_alloc(&a, n), *got;

		memcpy(copy, listing, n);
		got = items(&a, (struct span){copy, n});
		assert_int_equal(got[strlen(got) - 1], '!');
		assert_memory_equal(got, whole, strlen(got) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
