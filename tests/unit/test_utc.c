/* Times as JSON interfaces write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utc.h"

static void test_times(void **state)
{
	double seconds;

	(void)state;
	assert_true(utc_parse("2023-11-14T22:13:20Z", &seconds) && seconds == 1700000000);
	assert_true(utc_parse("2023-11-14T22:13:20.250000000Z", &seconds) && seconds == 1700000000.25);
	assert_true(utc_parse("1970-01-01T00:00:00Z", &seconds) && seconds == 0);
}

static void test_what_is_none(void **state)
{
	static const char *const texts[] = {"",
	                                    "2023-11-14T22:13:20",
	                                    "2023-11-14T22:13:20+01:00",
	                                    "2023-11-14T22:13:20Zz",
	                                    "2023-11-14 22:13:20Z",
	                                    "0001-01-01T00:00:00Z",
	                                    "2023-13-14T22:13:20Z",
	                                    "null"};
	double seconds = -1;

	(void)state;
	assert_false(utc_parse(NULL, &seconds));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(utc_parse(texts[i], &seconds));
	assert_true(seconds == -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_times), cmocka_unit_test(test_what_is_none)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
