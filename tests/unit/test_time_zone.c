/* Times by zones' names and Go's layouts; the zones' changes against libc's. Needs tzdata. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "logs/time_layout.h"
#include "logs/time_parse.h"
#include "logs/time_zone.h"

static void assert_time(const char *format, const char *zone, const char *text, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0};
	const struct time_format *f;
	struct err err = {""};
	int64_t ns = -1;
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
	t = ns / NS_PER_S;
	gmtime_r(&t, &tm);
	snprintf(shown + strftime(shown, sizeof(shown), "%F %T", &tm), 16, ".%03lld",
	         (long long)(ns % NS_PER_S / NS_PER_MS));
	assert_string_equal(shown, expected ? expected : "nothing");
}

static void assert_refused(const char *format, const char *zone, const char *sentence)
{
	struct arena CLEANUP(arena_fini) a = {0};
	const struct time_format *f;
	struct err err = {""};

	assert_int_equal(time_format_compile(&a, format, zone, &f, &err), -1);
	if (!strstr(err.text, sentence))
		fail_msg("%s", err.text);
}

static void test_zones(void **state)
{
	static const char *const cases[][3] = {
		{"Europe/Berlin", "2026-01-15 12:00:00", "2026-01-15 11:00:00.000"},
		{"Europe/Berlin", "2026-07-15 12:00:00", "2026-07-15 10:00:00.000"},
		{"Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29 00:59:59.000"},
		{"Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29 01:30:00.000"}, /* left out: as Go */
		{"Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29 01:00:00.000"},
		{"Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 01:30:00.000"},    /* twice: as Go */
		{"America/New_York", "2026-11-01 01:30:00", "2026-11-01 05:30:00.000"}, /* twice: as Go */
		{"America/New_York", "2026-03-08 02:30:00", "2026-03-08 06:30:00.000"}, /* left out: as Go */
		{"Australia/Sydney", "2026-01-15 12:00:00", "2026-01-15 01:00:00.000"},
		{"Asia/Kolkata", "2026-01-15 12:00:00", "2026-01-15 06:30:00.000"},
		{"Europe/Berlin", "2150-07-15 12:00:00", "2150-07-15 10:00:00.000"},
		{"CET", "2026-07-15 12:00:00", "2026-07-15 10:00:00.000"},
		{"EDT", "2026-07-15 12:00:00", "2026-07-15 16:00:00.000"},
		{"Europe/Berlin", "2026-07-15 12:00:00Z", "2026-07-15 12:00:00.000"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_time("rfc3339", cases[i][0], cases[i][1], cases[i][2]);
}

static void test_abbreviations(void **state)
{
	static const char format[] = "%Y-%m-%d %H:%M:%S %Z", text[] = "2026-01-15 12:00:00 CST";

	(void)state;
	assert_time(format, "Asia/Shanghai", text, "2026-01-15 04:00:00.000");
	assert_time(format, "America/Chicago", text, "2026-01-15 18:00:00.000");
	assert_time(format, "UTC", text, "2026-01-15 18:00:00.000");
	assert_time(format, "Europe/Berlin", "2026-10-25 02:30:00 CEST", "2026-10-25 00:30:00.000");
	assert_time(format, "Europe/Berlin", "2026-10-25 02:30:00 XYZ", NULL);
}

static void test_go_layouts(void **state)
{
	static const char *const cases[][3] = {
		{"2006-01-02 15:04:05", "2026-11-23 01:02:03", "2026-11-23 01:02:03.000"},
		{"2006-01-02 15:04:05", "2026-11-23 01:02:03.5", "2026-11-23 01:02:03.500"},
		{"2006-01-02 15:04:05.000", "2026-11-23 01:02:03.123", "2026-11-23 01:02:03.123"},
		{"2006-01-02 15:04:05,999", "2026-11-23 01:02:03", "2026-11-23 01:02:03.000"},
		{"2006-01-02 15:04:05,000 -0700", "2026-11-23 01:02:03,120 +0100", "2026-11-23 00:02:03.120"},
		{"2006-01-02T15:04:05Z07:00", "2026-11-23T01:02:03+01:00", "2026-11-23 00:02:03.000"},
		{"2006-01-02T15:04:05Z07:00", "2026-11-23T01:02:03Z", "2026-11-23 01:02:03.000"},
		{"02/Jan/2006:15:04:05 -0700", "23/Nov/2026:01:02:03 +0000", "2026-11-23 01:02:03.000"},
		{"Jan _2 15:04:05", "Feb  3 01:02:03", "2026-02-03 01:02:03.000"},
		{"January 2, 2006 3:04PM", "November 23, 2026 1:02PM", "2026-11-23 13:02:00.000"},
		{"Mon Jan _2 15:04:05 MST 2006", "Mon Nov 23 01:02:03 CET 2026", "2026-11-23 00:02:03.000"},
		{"060102 150405", "261123 010203", "2026-11-23 01:02:03.000"},
		{"RFC3339Nano", "2026-11-23T01:02:03.123456789Z", "2026-11-23 01:02:03.123"},
		{"UnixMs", "1772452800123", "2026-03-02 12:00:00.123"},
		{"2006-01-02 15:04:05", "2026-11-23", NULL},
		{"2006-01-02 15:04:05", "2026-11-23 01:02:03 x", NULL},
		{"2006-01-02 15:04:05", "2026-13-23 01:02:03", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_time(cases[i][0], "UTC", cases[i][1], cases[i][2]);
	assert_false(time_layout_is("Month of Janet"));
	assert_false(time_layout_is("%Y 2006"));
	assert_refused("2006-002", "UTC", "day of a year");
}

static void assert_zone_is_libcs(const char *name)
{
	struct arena CLEANUP(arena_fini) a = {0};
	const struct time_zone *z;
	struct err err;

	if (time_zone_load(&a, name, &z, &err) < 0)
		fail_msg("%s", err.text);
	setenv("TZ", name, 1);
	tzset();
	for (time_t t = 0; t < INT64_C(4102444800) + INT64_C(50) * 365 * 86400; t += 7 * 3600 + 901) {
		struct tm tm;
		int64_t offset, got;
		time_t other;

		localtime_r(&t, &tm);
		offset = tm.tm_gmtoff;
		got = time_zone_offset(z, t + offset);
		other = t + offset - got;
		localtime_r(&other, &tm);
		if (got != offset && tm.tm_gmtoff != got)
			fail_msg("%s: at %lld: %lld instead of %lld", name, (long long)t, (long long)got,
			         (long long)offset);
	}
	unsetenv("TZ");
	tzset();
}

static void test_against_libc(void **state)
{
	static const char *const names[] = {"Europe/Berlin",  "America/New_York",  "Australia/Lord_Howe",
	                                    "America/Nuuk",   "Africa/Casablanca", "Asia/Kathmandu",
	                                    "Asia/Jerusalem", "America/Santiago",  "Etc/GMT-14"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_zone_is_libcs(names[i]);
}

static void put_file(const char *directory, const char *name, const char *data, size_t len)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
}

/* Two headers, one kind of time (UTC) in each block, no changes: all is in the footer. */
static size_t slim_file(char out[256], const char *footer)
{
	size_t n = 0;

	for (int block = 0; block < 2; block++) {
		memset(out + n, 0, 54);
		memcpy(out + n, "TZif2", 5);
		out[n + 39] = 1;
		out[n + 43] = 4;
		memcpy(out + n + 50, "UTC", 4);
		n += 54;
	}
	return n + (size_t)sprintf(out + n, "\n%s\n", footer);
}

static void test_files(void **state)
{
	char directory[] = "/tmp/vedette-zones-XXXXXX", file[256];
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(directory));
	setenv("TZDIR", directory, 1);
	put_file(directory, "Slim", file, slim_file(file, "CET-1CEST,M3.5.0,M10.5.0/3"));
	assert_time("rfc3339", "Slim", "2026-07-15 12:00:00", "2026-07-15 10:00:00.000");
	assert_time("rfc3339", "Slim", "2026-12-15 12:00:00", "2026-12-15 11:00:00.000");
	put_file(directory, "Angle", file, slim_file(file, "<-03>3<-02>,J60/-1,300"));
	assert_time("rfc3339", "Angle", "2028-02-29 22:59:59", "2028-03-01 01:59:59.000");
	assert_time("rfc3339", "Angle", "2028-03-01 00:30:00", "2028-03-01 02:30:00.000");
	put_file(directory, "Fixed", file, slim_file(file, "X0530"));
	assert_refused("rfc3339", "Fixed", "damaged");
	for (const char *const *bad =
	             (const char *const[]){"CET", "CET-1CEST", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.5.0",
	                                   "<CET-1", "CET-1CEST,M3.5.0,M10.5.0/3x", NULL};
	     *bad; bad++) {
		put_file(directory, "Bad", file, slim_file(file, *bad));
		assert_refused("rfc3339", "Bad", "damaged");
	}
	n = slim_file(file, "CET-1");
	for (size_t cut = 0; cut < n; cut++) {
		put_file(directory, "Bad", file, cut);
		assert_refused("rfc3339", "Bad", cut ? "damaged" : "Bad");
	}
	assert_refused("rfc3339", "None", "no such zone: None; write UTC");
	assert_refused("rfc3339", "../Bad", "no such zone");
	setenv("TZDIR", "/nonexistent", 1);
	assert_refused("rfc3339", "Europe/Berlin", "install tzdata");
	unsetenv("TZDIR");
	for (const char *const *name = (const char *const[]){"Slim", "Angle", "Fixed", "Bad", NULL}; *name; name++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/%s", directory, *name);
		unlink(path);
	}
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones),      cmocka_unit_test(test_abbreviations),
		cmocka_unit_test(test_go_layouts), cmocka_unit_test(test_against_libc),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
