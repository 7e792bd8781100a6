#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_sample.h"

struct fixture {
	struct arena arena;
	struct faults faults;
	struct sample s;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	faults_init(&x->faults);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	faults_fini(&x->faults);
	arena_fini(&x->arena);
	free(x);
	return 0;
}

static void check_defaults(const struct sample *s)
{
	assert_string_equal(s->web.listen_address, "127.0.0.1:19100");
	assert_int_equal(s->web.scrape_timeout, 5000000000);
	assert_true(s->web.compress);
	assert_int_equal(s->external_labels.n, 0);
	assert_int_equal(s->exporters.host.collectors.disable.n, 2);
	assert_string_equal(s->exporters.host.collectors.disable.items[1], "edac");
	assert_int_equal(s->exporters.host.collectors.enable.n, 0);
	assert_true(regex_match(s->exporters.host.filesystem.mount_points_exclude, "/proc", 5));
	assert_false(regex_match(s->exporters.host.filesystem.mount_points_exclude, "/process", 8));
	assert_null(s->exporters.host.textfile.directory);
	assert_int_equal(s->exporters.host.textfile.max_age, INT64_C(2) * 86400 * 1000000000);
	assert_int_equal(s->exporters.postgres.n, 0);
	assert_null(s->logs.loki.basic_auth.password);
	assert_int_equal(s->logs.loki.max_bytes, 1048576);
	assert_true(s->logs.loki.factor == 1.5);
}

static void test_defaults(void **state)
{
	struct fixture *x = *state;

	memset(&x->s, 0xa5, sizeof(x->s));
	bind_defaults(&x->arena, sample_fields, &x->s);
	check_defaults(&x->s);
}

static void test_empty_texts_are_all_defaults(void **state)
{
	static const char *const texts[] = {
		"",   "\n", "# nothing\n",  "---\n",         "---\n...\n",
		"{}", "~",  "\xef\xbb\xbf", "web:\nlogs:\n", "exporters: {host: {collectors: }}"};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		memset(&x->s, 0xa5, sizeof(x->s));
		assert_int_equal(
			bind_text(&x->arena, "f", texts[i], strlen(texts[i]), sample_fields, &x->s, &x->faults), 0);
		check_defaults(&x->s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_texts_are_all_defaults, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
