/* The request target and the headers that decide about an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "web/negotiate.h"
#include "web/query.h"

struct parsed {
	struct arena arena;
	struct query query;
	struct err err;
	int rc;
};

static struct parsed parse(const char *target)
{
	struct parsed p = {0};

	p.rc = query_parse(&p.arena, target, &p.query, &p.err);
	return p;
}

static void good_path(const char *target, const char *path)
{
	struct parsed p = parse(target);

	assert_int_equal(p.rc, 0);
	assert_string_equal(p.query.path, path);
	arena_fini(&p.arena);
}

static void bad(const char *target, const char *sentence)
{
	struct parsed p = parse(target);

	assert_int_equal(p.rc, -1);
	if (!strstr(p.err.text, sentence))
		fail_msg("%s: \"%s\" does not say \"%s\"", target, p.err.text, sentence);
	arena_fini(&p.arena);
}

static void test_paths(void **state)
{
	(void)state;
	good_path("/", "/");
	good_path("/metrics", "/metrics");
	good_path("/metrics?", "/metrics");
	good_path("/metrics?&&a=b&", "/metrics");
	good_path("/metrics/postgres/a%20b", "/metrics/postgres/a b");
	good_path("/a+b", "/a+b");
	good_path("/%c3%A4", "/ä");
	good_path("http://127.0.0.1:19100/metrics?x=1", "/metrics");
	good_path("https://host", "/");
	good_path("http://host?x", "/");
}

static void test_bad_paths(void **state)
{
	char longest[QUERY_MAX_BYTES + 2];

	(void)state;
	bad("", "slash");
	bad("*", "slash");
	bad("metrics", "slash");
	bad("?collect[]=cpu", "slash");
	bad("/%", "hexadecimal");
	bad("/%4", "hexadecimal");
	bad("/%4g", "hexadecimal");
	bad("/a?%", "hexadecimal");
	bad("/%00", "control");
	bad("/a%0ab", "control");
	bad("/\x7f", "control");
	bad("/%ff", "UTF-8");
	bad("/?x=%fe", "UTF-8");
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = '\0';
	bad(longest, "longer");
	longest[sizeof(longest) - 2] = '\0';
	good_path(longest, longest);
}

static void test_filters(void **state)
{
	struct parsed p = parse("/metrics?collect[]=cpu&x&collect%5B%5D=mem%69nfo&=&y=z");

	(void)state;
	assert_int_equal(p.rc, 0);
	assert_int_equal(p.query.n_collect, 2);
	assert_string_equal(p.query.collect[0], "cpu");
	assert_string_equal(p.query.collect[1], "meminfo");
	assert_null(p.query.collect[2]);
	assert_null(p.query.exclude[0]);
	arena_fini(&p.arena);
	p = parse("/metrics?exclude[]=a+b");
	assert_int_equal(p.query.n_exclude, 1);
	assert_string_equal(p.query.exclude[0], "a b");
	arena_fini(&p.arena);
}

static void test_bad_filters(void **state)
{
	struct buf CLEANUP_BUF text = {0};

	(void)state;
	bad("/metrics?collect[]=", "name of a collector");
	bad("/metrics?collect[]", "name of a collector");
	bad("/metrics?exclude[]=a&collect[]=b", "not both");
	buf_puts(&text, "/metrics?collect[]=a");
	for (int i = 1; i < QUERY_MAX_NAMES; i++)
		buf_puts(&text, "&collect[]=a");
	good_path(text.data, "/metrics");
	buf_puts(&text, "&collect[]=a");
	bad(text.data, "At most 64");
}

/* What the servers of these versions really send. */
static const char prometheus_2_42[] =
	"application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
	"version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
static const char prometheus_2_30[] =
	"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,"
	"*/*;q=0.1";
static const char prometheus_2_53[] =
	"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;"
	"version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
static const char prometheus_3[] =
	"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/"
	"openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;"
	"q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
static const char prometheus_3_text[] =
	"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;"
	"q=0.5,*/*;q=0.4";
static const char prometheus_protobuf[] =
	"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/"
	"openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/"
	"plain;version=0.0.4;"
	"q=0.3,*/*;q=0.2";

static void test_formats(void **state)
{
	static const struct {
		const char *accept;
		enum exposition_format format;
		bool escaping;
	} cases[] = {
		{NULL, EXPOSITION_TEXT, false},
		{"", EXPOSITION_TEXT, false},
		{"*/*", EXPOSITION_TEXT, false},
		{prometheus_2_30, EXPOSITION_TEXT, false},
		{prometheus_2_42, EXPOSITION_OPENMETRICS, false},
		{prometheus_2_53, EXPOSITION_OPENMETRICS, false},
		{prometheus_3, EXPOSITION_OPENMETRICS, true},
		{prometheus_3_text, EXPOSITION_TEXT, true},
		{prometheus_protobuf, EXPOSITION_OPENMETRICS, false},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", EXPOSITION_TEXT, false},
		{"application/openmetrics-text", EXPOSITION_OPENMETRICS, false},
		{"Application/OpenMetrics-Text ; Version=\"1.0.0\" ; Q=0.5 , text/plain;q=0.4", EXPOSITION_OPENMETRICS,
	         false},
		{"application/openmetrics-text;version=0.0.1", EXPOSITION_TEXT, false},
		{"text/plain,application/openmetrics-text;version=1.0.0", EXPOSITION_TEXT, false},
		{"application/openmetrics-text;version=1.0.0;q=0,text/plain;q=0.1", EXPOSITION_TEXT, false},
		{"application/openmetrics-text;version=1.0.0;q=x,text/plain;q=0.1", EXPOSITION_TEXT, false},
		{"application/openmetrics-text;version=1.0.0;q=nan", EXPOSITION_TEXT, false},
		{"application/openmetrics-text;version=1.0.0;q=7", EXPOSITION_TEXT, false},
		{",,;;=,;q=,text/plain;;", EXPOSITION_TEXT, false},
		{"nothing/known", EXPOSITION_TEXT, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct negotiated n = negotiate_format(cases[i].accept);

		if (n.format != cases[i].format || n.escaping != cases[i].escaping)
			fail_msg("Accept: %s", cases[i].accept ? cases[i].accept : "(none)");
	}
}

static void test_gzip(void **state)
{
	(void)state;
	assert_true(negotiate_gzip("gzip"));
	assert_true(negotiate_gzip("gzip, deflate, br"));
	assert_true(negotiate_gzip("GZIP;q=0.5"));
	assert_true(negotiate_gzip("identity;q=0.5, gzip"));
	assert_false(negotiate_gzip(NULL));
	assert_false(negotiate_gzip(""));
	assert_false(negotiate_gzip("deflate, br"));
	assert_false(negotiate_gzip("*"));
	assert_false(negotiate_gzip("gzip;q=0"));
	assert_false(negotiate_gzip("gzip;q=0.000, identity"));
	assert_false(negotiate_gzip("identity, gzip;q=0.5"));
	assert_false(negotiate_gzip("gzipped"));
}

static void test_timeouts(void **state)
{
	int64_t most = 5 * NS_PER_S;

	(void)state;
	assert_int_equal(negotiate_timeout_ns("10", most), most);
	assert_int_equal(negotiate_timeout_ns("5.5", most), most);
	assert_int_equal(negotiate_timeout_ns("3", most), 2500 * NS_PER_MS);
	assert_int_equal(negotiate_timeout_ns(" 1 ", most), 500 * NS_PER_MS);
	assert_int_equal(negotiate_timeout_ns("0.5", most), 250 * NS_PER_MS);
	assert_int_equal(negotiate_timeout_ns("1e-300", most), NS_PER_MS);
	assert_int_equal(negotiate_timeout_ns("1e300", most), most);
	assert_int_equal(negotiate_timeout_ns("Inf", most), most);
	assert_int_equal(negotiate_timeout_ns(NULL, most), most);
	assert_int_equal(negotiate_timeout_ns("", most), most);
	assert_int_equal(negotiate_timeout_ns("soon", most), most);
	assert_int_equal(negotiate_timeout_ns("NaN", most), most);
	assert_int_equal(negotiate_timeout_ns("0", most), most);
	assert_int_equal(negotiate_timeout_ns("-3", most), most);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),       cmocka_unit_test(test_bad_paths), cmocka_unit_test(test_filters),
		cmocka_unit_test(test_bad_filters), cmocka_unit_test(test_formats),   cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
