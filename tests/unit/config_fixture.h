/* What the tests of settings share: binding a text by the sample table, and asserting on its faults. */
#pragma once

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

static inline int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	faults_init(&x->faults);
	*state = x;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *x = *state;

	faults_fini(&x->faults);
	arena_fini(&x->arena);
	free(x);
	return 0;
}

static inline int bind(struct fixture *x, const char *text)
{
	faults_fini(&x->faults);
	faults_init(&x->faults);
	return bind_text(&x->arena, "f.yml", text, strlen(text), sample_fields, &x->s, &x->faults);
}

static inline struct sample *bound(struct fixture *x, const char *text)
{
	if (bind(x, text) < 0)
		fail_msg("%s: %s", text, x->faults.text.data);
	return &x->s;
}

/* Exactly these faults, one line each. */
static inline void assert_faults(struct fixture *x, const char *text, const char *expected)
{
	assert_int_equal(bind(x, text), -1);
	if (strcmp(x->faults.text.data, expected) != 0)
		fail_msg("%s gives\n%s", text, x->faults.text.data);
}

static inline void assert_fault(struct fixture *x, const char *text, const char *fragment)
{
	assert_int_equal(bind(x, text), -1);
	if (!strstr(x->faults.text.data, fragment))
		fail_msg("%s: no \"%s\" in\n%s", text, fragment, x->faults.text.data);
}

static inline void write_file(const char *path, const char *text, size_t len)
{
	FILE CLEANUP_FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
}

static inline const char *password_of(struct fixture *x, const char *text)
{
	return bound(x, text)->logs.loki.basic_auth.password;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
