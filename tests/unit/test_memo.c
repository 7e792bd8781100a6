/* What collectors remember from one collection to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "collect/memo.h"

static void test_nothing_is_remembered_at_first(void **state)
{
	struct memo *m = memo_new();
	int64_t stored_ns = -1;

	(void)state;
	assert_null(memo_get(m, "a", 4, &stored_ns));
	assert_int_equal(stored_ns, -1);
	memo_free(m);
	memo_free(NULL);
}

static void test_what_was_put_last_is_given_with_its_time(void **state)
{
	struct memo *m = memo_new();
	int64_t before = clock_mono_ns(), stored_ns = 0;
	size_t len;
	const int *got;

	(void)state;
	memo_put(m, "a", &(int){1}, sizeof(int));
	memo_put(m, "b", &(int){2}, sizeof(int));
	memo_put(m, "a", &(int){3}, sizeof(int));
	got = memo_get(m, "a", sizeof(int), &stored_ns);
	assert_int_equal(*got, 3);
	assert_true(stored_ns >= before && stored_ns <= clock_mono_ns());
	got = memo_get(m, "b", sizeof(int), &stored_ns);
	assert_int_equal(*got, 2);
	assert_null(memo_get(m, "a", sizeof(char), &stored_ns));
	got = memo_find(m, "a", &len);
	assert_int_equal(*got, 3);
	assert_int_equal(len, sizeof(int));
	assert_null(memo_find(m, "c", &len));
	memo_free(m);
}

static void test_with_too_many_keys_the_eldest_goes(void **state)
{
	struct memo *m = memo_new();
	int64_t stored_ns;
	char key[16];

	(void)state;
	for (int i = 0; i <= MEMO_MAX_ENTRIES; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		memo_put(m, key, &i, sizeof(i));
	}
	assert_null(memo_get(m, "key 0", sizeof(int), &stored_ns));
	for (int i = 1; i <= MEMO_MAX_ENTRIES; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(*(const int *)memo_get(m, key, sizeof(int), &stored_ns), i);
	}
	memo_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_remembered_at_first),
		cmocka_unit_test(test_what_was_put_last_is_given_with_its_time),
		cmocka_unit_test(test_with_too_many_keys_the_eldest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
