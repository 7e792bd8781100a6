/* Stages that read and hand on values: logfmt, regex, timestamp, structured_metadata, output, tenant. */
#include "logs/logfmt_read.h"
#include "logs/time_parse.h"
#include "stage_fixture.h"

static void test_logfmt(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- logfmt: {fields: [level, msg, done]}\n",
	            "level=info msg=\"all \\\"is\\\" well\" x=1 done",
	            "level=info msg=\"all \\\"is\\\" well\" x=1 done got.level=info got.msg=all \"is\" well got.done=");
	assert_step(x, "stages:\n- logfmt: {fields: {m: msg}}\n", "  \"x\"=1 =2 msg=a=b\tmsg=\"open",
	            "  \"x\"=1 =2 msg=a=b\tmsg=\"open got.m=\"open");
	assert_step(x, "stages:\n- logfmt: {fields: [a]}\n", "free text", "free text");
	assert_int_equal(failures(x, "no such keys"), 1);
	assert_step(x, "stages:\n- logfmt: {fields: [a]}\n", "", "");
	assert_refused(x, "stages:\n- logfmt: {}\n", "name 1 to 64");
}

static void test_regex(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- regex: {expression: '^(?P<l>[A-Z]+): (?<m>.*?)( \\[(?P<id>\\d+)\\])?$'}\n",
	            "INFO: it is", "INFO: it is got.l=INFO got.m=it is");
	assert_step(x, "stages:\n- regex: {expression: '(?P<l>[A-Z]+)'}\n", "none", "none");
	assert_int_equal(failures(x, "no match"), 1);
	assert_step(x, "stages:\n- regex: {expression: '(?P<a>.)'}\n- regex: {expression: '(?P<b>.)$', source: x}\n",
	            "ab", "ab got.a=a");
	assert_int_equal(failures(x, "source is missing"), 1);
	assert_refused(x, "stages:\n- regex: {expression: '(a)'}\n", "no named group");
	assert_refused(x, "stages:\n- regex: {}\n", "expression: missing, but needed");
	assert_refused(x, "stages:\n- regex: {expression: '(?P<a>'}\n", "no regular expression");
}

static void test_regex_ends_at_its_limit(void **state)
{
	struct fixture *x = *state;
	char line[4096];

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '!';
	stages(x, "stages:\n- regex: {expression: '^(?P<x>(a+)+)$'}\n");
	push_bytes(x, line, sizeof(line));
	assert_int_equal(failures(x, "match limit"), 1);
	push_bytes(x, "\xff\0\xfe", 3);
	assert_int_equal(failures(x, "no match"), 1);
}

/* Cheap wherever it begins, but it may begin anywhere: all of that would take half a minute. */
static void test_regex_ends_in_long_lines(void **state)
{
	enum { LEN = 256 * 1024 };
	struct fixture *x = *state;
	char *line = malloc(LEN);

	assert_non_null(line);
	memset(line, 'a', LEN);
	stages(x, "stages:\n- regex: {expression: '(?P<x>a*[bc])'}\n");
	push_bytes(x, line, LEN);
	assert_int_equal(failures(x, "match limit"), 1);
	free(line);
}

static void assert_time(const char *format, const char *zone, const char *text, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0};
	const struct time_format *f;
	struct err err = {""};
	int64_t ns = -1, seconds;
	struct tm tm;
	char shown[64];
	time_t t;

	if (time_format_compile(&a, format, zone, &f, &err) < 0)
		fail_msg("%s: %s", format, err.text);
	if (!time_parse(f, span_of(text), INT64_C(1772452800) * NS_PER_S, &ns)) {
		if (expected)
			fail_msg("%s does not read %s", format, text);
		return;
	}
	if (!expected)
		fail_msg("%s reads %s", format, text);
	seconds = ns / NS_PER_S;
	t = seconds;
	gmtime_r(&t, &tm);
	snprintf(shown + strftime(shown, sizeof(shown), "%F %T", &tm), 16, ".%09lld", (long long)(ns % NS_PER_S));
	assert_string_equal(shown, expected);
}

static void test_times(void **state)
{
	static const struct {
		const char *format, *zone, *text, *expected;
	} cases[] = {
		{"RFC3339", "", "2026-11-23T01:02:03Z", "2026-11-23 01:02:03.000000000"},
		{"rfc3339nano", "", "2024-02-29T23:59:60.123456789123+01:00", "2024-02-29 23:00:00.123456789"},
		{"rfc3339", "", "2026-11-23 01:02:03,5 +0530", "2026-11-22 19:32:03.500000000"},
		{"rfc3339", "+02:00", "2026-11-23T01:02:03.5", "2026-11-22 23:02:03.500000000"},
		{"rfc3339", "", "2023-02-29T00:00:00Z", NULL},
		{"rfc3339", "", "2023-13-01T00:00:00Z", NULL},
		{"rfc3339", "", "2023-01-01T24:00:00Z", NULL},
		{"rfc3339", "", "2023-01-01T00:00:00.Z", NULL},
		{"rfc3339", "", "2023-01-01T00:00:00Zx", NULL},
		{"rfc3339", "", "1969-12-31T23:59:59Z", NULL},
		{"rfc3339", "", "9999-12-31T23:59:59Z", NULL},
		{"rfc3339", "", "", NULL},
		{"unix", "", "1700000000", "2023-11-14 22:13:20.000000000"},
		{"Unix", "", "1700000000.123456789", "2023-11-14 22:13:20.123456789"},
		{"unix", "", "1.7e+09", "2023-11-14 22:13:20.000000000"},
		{"unix", "", "-1", NULL},
		{"unix", "", "99999999999", NULL},
		{"unix", "", "1e300", NULL},
		{"unix", "", "NaN", NULL},
		{"unix_ms", "", "1700000000123.5", "2023-11-14 22:13:20.123500000"},
		{"UnixUs", "", "1700000000123456", "2023-11-14 22:13:20.123456000"},
		{"unix_ns", "", "1700000000123456789", "2023-11-14 22:13:20.123456789"},
		{"unix_ns", "", "99999999999999999999", NULL},
		{"%Y-%m-%d %H:%M:%S.%f %Z", "", "2026-11-23 01:02:03.123 CET", "2026-11-23 00:02:03.123000000"},
		{"%Y-%m-%d %H:%M:%S.%f %Z", "", "2026-11-23 01:02:03.123 XYZ", NULL},
		{"%d/%b/%Y:%T %z", "", "23/Nov/2026:01:02:03 -0100", "2026-11-23 02:02:03.000000000"},
		{"common_log", "", "23/nov/2026:01:02:03 +0000", "2026-11-23 01:02:03.000000000"},
		{"RFC1123", "", "Mon, 23 Nov 2026 01:02:03 GMT", "2026-11-23 01:02:03.000000000"},
		{"%b %e %H:%M:%S", "", "Mar  2 11:02:03", "2026-03-02 11:02:03.000000000"},
		{"%b %e %H:%M:%S", "", "Dec 31 23:59:59", "2025-12-31 23:59:59.000000000"},
		{"%F %I:%M:%S %p", "", "2026-11-23 12:02:03 AM", "2026-11-23 00:02:03.000000000"},
		{"%F %I:%M:%S %p", "", "2026-11-23 01:02:03 pm", "2026-11-23 13:02:03.000000000"},
		{"%F %I:%M", "", "2026-11-23 13:02", NULL},
		{"%s%%", "", "1700000000%", "2023-11-14 22:13:20.000000000"},
		{"%y%m%d", "-01:30", "261123", "2026-11-23 01:30:00.000000000"},
		{"%Y", "", "20266", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_time(cases[i].format, cases[i].zone, cases[i].text, cases[i].expected);
}

static void test_timestamp(void **state)
{
	struct fixture *x = *state;
	static const char one[] =
		"stages:\n- json: {fields: [ts]}\n- timestamp: {source: ts, format: unix, fallback_formats: "
		"[rfc3339]}\n";

	assert_step(x, one, "{\"ts\":1700000000.5}", "{\"ts\":1700000000.5} @1700000000500000000 got.ts=1700000000.5");
	assert_step(x, one, "{\"ts\":\"2023-11-14T22:13:20Z\"}",
	            "{\"ts\":\"2023-11-14T22:13:20Z\"} @1700000000000000000 got.ts=2023-11-14T22:13:20Z");
	assert_step(x, one, "{\"ts\":\"soon\"}", "{\"ts\":\"soon\"} got.ts=soon");
	assert_int_equal(failures(x, "no such time"), 1);
	assert_step(x, one, "{}", "{}");
	assert_int_equal(failures(x, "source is missing"), 1);
	assert_refused(x, "stages:\n- timestamp: {source: ts, format: iso}\n", "no such format: iso; write");
	assert_refused(x, "stages:\n- timestamp: {source: ts, format: '%Q'}\n", "means nothing");
	assert_refused(x, "stages:\n- timestamp: {source: ts, format: '%'}\n", "means nothing");
	assert_refused(x, "stages:\n- timestamp: {source: ts, format: unix, location: Mars}\n", "no such zone");
	assert_refused(x, "stages:\n- timestamp: {format: unix}\n", "source: missing");
}

static void test_metadata_output_tenant(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- json: {fields: [a, b]}\n- structured_metadata: {x: a}\n- output: {source: b}\n",
	            "{\"a\":1,\"b\":\"text\"}", "text meta.x=1 got.a=1 got.b=text");
	assert_step(x, "stages:\n- output: {source: b}\n", "text", "text");
	assert_int_equal(failures(x, "source is missing"), 1);
	assert_step(x, "stages:\n- tenant: {value: t}\n", "text", "text tenant=t");
	assert_step(x, "stages:\n- json: {fields: [a]}\n- labels: [a]\n- tenant: {label: a}\n", "{\"a\":\"t1\"}",
	            "{\"a\":\"t1\"} label.a=t1 got.a=t1 tenant=t1");
	assert_step(x, "stages:\n- json: {fields: [a]}\n- tenant: {source: a}\n", "{\"a\":\"t1\"}",
	            "{\"a\":\"t1\"} got.a=t1 tenant=t1");
	assert_refused(x, "stages:\n- tenant: {value: t, label: a}\n", "one way");
	assert_refused(x, "stages:\n- tenant:\n", "one way");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_logfmt),
		TEST(test_regex),
		TEST(test_regex_ends_at_its_limit),
		TEST(test_regex_ends_in_long_lines),
		TEST(test_times),
		TEST(test_timestamp),
		TEST(test_metadata_output_tenant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
