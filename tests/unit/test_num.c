/* Numbers to text and back: shortest, bit for bit, whatever the locale. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

static const char *text_of(double v)
{
	static char text[NUM_MAX + 1];

	text[num_format(v, text)] = '\0';
	return text;
}

static uint64_t bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

/* Significant digits: without zeros at either end. */
static size_t digits_of(const char *s)
{
	size_t n = 0, zeros = 0;
	bool leading = true;

	for (; *s && *s != 'e'; s++) {
		if (*s < '0' || *s > '9')
			continue;
		leading = leading && *s == '0';
		if (leading)
			continue;
		zeros = *s == '0' ? zeros + 1 : 0;
		n++;
	}
	return n - zeros;
}

static void check(double v)
{
	const char *text = text_of(v);
	char g[64];
	double back;

	assert_true(strlen(text) < NUM_MAX);
	assert_true(num_parse_double(text, strlen(text), &back));
	if (bits_of(back) != bits_of(v))
		fail_msg("%a became %s", v, text);
	for (int precision = 1; precision <= 17; precision++) {
		snprintf(g, sizeof(g), "%.*g", precision, v);
		if (strtod(g, NULL) == v)
			break;
	}
	if (digits_of(text) > digits_of(g))
		fail_msg("%s has more digits than %s", text, g);
}

static void test_known(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{0, "0"},
		{-0.0, "-0"},
		{1, "1"},
		{0.25, "0.25"},
		{0.1 + 0.2, "0.30000000000000004"},
		{-1.5, "-1.5"},
		{1e9, "1000000000"},
		{1e300, "1e+300"},
		{5e-324, "5e-324"},
		{DBL_MAX, "1.7976931348623157e+308"},
		{DBL_MIN, "2.2250738585072014e-308"},
		{9007199254740991, "9007199254740991"},
		{9007199254740992, "9007199254740992"},
		{-9007199254740994, "-9007199254740994"},
		{1e-9, "0.000000001"},
		{1e-10, "1e-10"},
		{1700000000.25, "1700000000.25"},
		{NAN, "NaN"},
		{-NAN, "NaN"},
		{INFINITY, "+Inf"},
		{-INFINITY, "-Inf"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(text_of(cases[i].value), cases[i].text);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Every exponent, several mantissas of each: sparse ones, as people write them, and dense ones. */
static void test_round_trip(void **state)
{
	uint64_t seed = 88172645463325252;

	(void)state;
	for (uint64_t exponent = 0; exponent < 2047; exponent++)
		for (int i = 0; i < 40; i++) {
			uint64_t mantissa = next_random(&seed) >> 12, bits;
			double v;

			if (i % 4 == 0)
				mantissa &= ~UINT64_C(0) << (i + 12);
			bits = (next_random(&seed) & 1) << 63 | exponent << 52 | (mantissa & 0xfffffffffffff);
			memcpy(&v, &bits, sizeof(v));
			check(v);
		}
	for (int i = 0; i < 200000; i++)
		check((double)(int64_t)(next_random(&seed) >> (i % 60)) / pow(10, i % 12));
	for (int64_t i = -3; i <= 3; i++)
		check((double)((INT64_C(1) << 53) + i));
}

/* A locale whose decimal point is a comma: the machine's, or one made here. */
static bool comma_locale(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
	char dir[] = "/tmp/vedette-locale-XXXXXX", command[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (setlocale(LC_NUMERIC, names[i]))
			return true;
	if (!mkdtemp(dir))
		return false;
	snprintf(command, sizeof(command), "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", dir);
	if (system(command) == 0) { // NOLINT(cert-env33-c): our own words
		setenv("LOCPATH", dir, 1);
		setlocale(LC_NUMERIC, "de_DE.UTF-8");
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command) != 0) // NOLINT(cert-env33-c)
		return false;
	return *localeconv()->decimal_point == ',';
}

static void test_locale(void **state)
{
	double v;

	(void)state;
	if (!comma_locale())
		skip();
	assert_string_equal(text_of(0.1 + 0.2), "0.30000000000000004");
	assert_string_equal(text_of(1e-10 / 3), "3.3333333333333335e-11");
	assert_true(num_parse_double("2.5", 3, &v));
	assert_true(v == 2.5);
	assert_false(num_parse_double("2,5", 3, &v));
	assert_int_equal(*localeconv()->decimal_point, ',');
	setlocale(LC_NUMERIC, "C");
}

static bool parses(const char *text)
{
	double v;

	return num_parse_double(text, strlen(text), &v);
}

static void test_parse_double(void **state)
{
	static const char *const good[] = {"0",
	                                   "-1",
	                                   "+1",
	                                   "1e3",
	                                   "1E-3",
	                                   ".5",
	                                   "5.",
	                                   "inf",
	                                   "+Inf",
	                                   "-INF",
	                                   "nan",
	                                   "NaN",
	                                   "123456789012345678901234567890",
	                                   "4.9e-324",
	                                   "1e-400"};
	static const char *const bad[] = {"",   "-",  ".",   "e",    "1e",  "1e999", "-1e999", "0x10",
	                                  "1 ", " 1", "1,5", "infi", "1_0", "--1",   "1.2.3",  "nan(1)"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!parses(good[i]))
			fail_msg("refused %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parses(bad[i]))
			fail_msg("took \"%s\"", bad[i]);
	assert_false(num_parse_double("1\0002", 3, &(double){0}));
}

static void test_integers(void **state)
{
	uint64_t u;
	int64_t i;
	char text[NUM_MAX];

	(void)state;
	assert_true(num_parse_u64("18446744073709551615", 20, &u) && u == UINT64_MAX);
	assert_false(num_parse_u64("18446744073709551616", 20, &u));
	assert_false(num_parse_u64("", 0, &u) || num_parse_u64("+1", 2, &u) || num_parse_u64("1x", 2, &u));
	assert_true(num_parse_i64("-9223372036854775808", 20, &i) && i == INT64_MIN);
	assert_false(num_parse_i64("-9223372036854775809", 20, &i));
	assert_false(num_parse_i64("9223372036854775808", 19, &i) || num_parse_i64("-", 1, &i));
	assert_true(num_parse_hex("0xfF", 4, &u) && u == 255);
	assert_true(num_parse_hex("ffffffffffffffff", 16, &u) && u == UINT64_MAX);
	assert_false(num_parse_hex("0x", 2, &u) || num_parse_hex("", 0, &u) ||
	             num_parse_hex("10000000000000000", 17, &u));
	assert_int_equal(num_format_u64(UINT64_MAX, text), 20);
	assert_memory_equal(text, "18446744073709551615", 20);
	assert_int_equal(num_format_u64(0, text), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_locale),
		cmocka_unit_test(test_parse_double), cmocka_unit_test(test_integers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
