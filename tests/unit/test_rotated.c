/* Names of rotated files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/rotated.c"

static void test_bases(void **state)
{
	static const struct {
		const char *name, *base;
	} cases[] = {
		{"app.log.1", "app.log"},
		{"app.log.12.gz", "app.log"},
		{"app.log-20261122", "app.log"},
		{"app.log-20261122.gz", "app.log"},
		{"app.log.old", "app.log"},
		{"0.log.20261122-183000", "0.log"},
		{"0.log.20261122-183000.gz", "0.log"},
		{"app.1-2", "app.1"},
		{"access-2026-11-22T18-30-00.000.log", "access.log"},
		{"access-2026-11-22T18-30-00.000.log.gz", "access.log"},
		{"my-access-2026-11-22T18-30-00.log", "my-access.log"},
		{"abc-json.log.1", "abc-json.log"},
		{"app.log", NULL},
		{"app-error.log", NULL},
		{"app.log.gz", NULL},
		{"app.log.1.xz", NULL},
		{"2026", NULL},
		{"-1", NULL},
		{".1", NULL},
		{"", NULL},
	};
	char base[NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool found = rotated_base(cases[i].name, base);

		if (found != (cases[i].base != NULL) || (found && strcmp(base, cases[i].base) != 0))
			fail_msg("%s: %s", cases[i].name, found ? base : "is none");
		if (found && !is_rotated(base, cases[i].name))
			fail_msg("%s is not known as %s", cases[i].name, base);
	}
	assert_false(is_rotated("access.log", "access-error.log"));
	assert_false(is_rotated("app.log", "app.log.save"));
}

static void test_long_names(void **state)
{
	char name[2 * NAME_MAX], base[NAME_MAX + 1];

	(void)state;
	memset(name, 'x', sizeof(name));
	strcpy(name + sizeof(name) - 3, ".1");
	assert_false(rotated_base(name, base));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bases), cmocka_unit_test(test_long_names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
