/* Which of many are reported: the heaviest, without coming and going. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "collect/sticky.h"

enum { N = 6 };
static struct sticky_item items[N] = {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}};

/* The keys chosen, in the order of the items. */
static const char *choose(struct sticky *s, size_t max, size_t n, const double *weights)
{
	static char keys[N + 1];
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		items[i].weight = weights[i];
	sticky_choose(s, max, items, n);
	for (size_t i = 0; i < n; i++)
		if (items[i].chosen)
			keys[k++] = *items[i].key;
	keys[k] = '\0';
	return keys;
}
#define CHOOSE(s, max, ...)                                                                                            \
	choose(s, max, sizeof((double[]){__VA_ARGS__}) / sizeof(double), (const double[]){__VA_ARGS__})

static void the_heaviest_stay(void **state)
{
	struct sticky *s = sticky_new();

	(void)state;
	assert_string_equal(CHOOSE(s, 2, 1, 5, 3, 4), "bd");
	assert_string_equal(CHOOSE(s, 2, 1, 5, 7, 4), "bd"); /* c is heavier, but not twice as heavy */
	assert_string_equal(CHOOSE(s, 2, 1, 5, 9, 4), "bc"); /* now it is: d goes */
	assert_string_equal(CHOOSE(s, 2, 1, 5, 9, 9), "bc");
	assert_string_equal(CHOOSE(s, 2, 1, 5), "ab");            /* c is gone */
	assert_string_equal(CHOOSE(s, 4, 1, 5, 2, 2, 2), "abcd"); /* ties by key */
	assert_string_equal(CHOOSE(s, 1, 1, 5, 2, 2, 2), "b");    /* the lightest go first */
	assert_string_equal(CHOOSE(s, 9, 1, 1, 1, 1, 1, 1), "abcdef");
	sticky_choose(s, 3, items, 0);
	assert_string_equal(CHOOSE(s, 1, 1, 2), "b");
	sticky_free(s);
	sticky_free(NULL);
}

static void texts_are_kept_while_chosen(void **state)
{
	struct sticky *s = sticky_new();

	(void)state;
	CHOOSE(s, 2, 1, 5, 3);
	assert_null(items[1].text);
	sticky_remember(s, "b", "bee");
	sticky_remember(s, "a", "not chosen");
	CHOOSE(s, 2, 1, 5, 3);
	assert_string_equal(items[1].text, "bee");
	assert_null(items[0].text);
	CHOOSE(s, 2, 100, 5, 30);
	assert_string_equal(CHOOSE(s, 2, 100, 5000, 30), "ab");
	assert_null(items[1].text); /* it had left in between */
	sticky_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_heaviest_stay),
		cmocka_unit_test(texts_are_kept_while_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
