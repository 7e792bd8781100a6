/* What the reader remembers of files that are replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "collect/reader.h"

struct fixture {
	char dir[64], path[128];
	struct reader *reader;
	struct arena arena;
	struct err err;
	const char *seen; /* the text that was digested last */
	int asked;
};

static void put(const struct fixture *f, const char *text)
{
	char next[160];
	FILE *file;

	snprintf(next, sizeof(next), "%s.new", f->path);
	file = fopen(next, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(next, f->path), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct roots roots = {f->dir, f->dir, f->dir};

	snprintf(f->dir, sizeof(f->dir), "/tmp/vedette-digest-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/file", f->dir);
	f->reader = reader_new(&roots);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->dir);
	reader_free(f->reader);
	arena_fini(&f->arena);
	free(f);
	return 0;
}

/* The first three bytes; "bad" is none. */
static int first_three(struct arena *a, void *arg, struct span text, struct span *digest, struct err *err)
{
	struct fixture *f = arg;

	f->asked++;
	f->seen = text.s;
	if (span_starts(text, "bad"))
		return err_set(err, "bad");
	*digest = (struct span){arena_strndup(a, text.s, text.len < 3 ? text.len : 3), text.len < 3 ? text.len : 3};
	return 0;
}

static enum read_result ask(struct fixture *f, struct span *out)
{
	return reader_digest(f->reader, &f->arena, ROOT_FS, "file", first_three, f, out, &f->err);
}

static void says(struct fixture *f, const char *expected)
{
	struct span out;

	assert_int_equal(ask(f, &out), READ_OK);
	assert_true(span_eq(out, expected));
}

/* A file that was changed just now is not remembered yet. */
static void until_remembered(struct fixture *f)
{
	int64_t end = clock_mono_ns() + 20 * NS_PER_S;
	struct span out;
	int before;

	do {
		assert_true(clock_mono_ns() < end);
		before = f->asked;
		assert_int_equal(ask(f, &out), READ_OK);
		usleep(10000);
	} while (f->asked != before);
}

static void test_asked_once_for_each_file(void **state)
{
	struct fixture *f = *state;
	int asked;

	put(f, "one and more");
	says(f, "one");
	put(f, "two and more"); /* of the same size, in the same tick */
	says(f, "two");
	until_remembered(f);
	asked = f->asked;
	for (int i = 0; i < 10; i++) {
		says(f, "two");
		reader_sweep(f->reader);
	}
	assert_int_equal(f->asked, asked);
	put(f, "new and more");
	says(f, "new");
	assert_int_equal(f->asked, asked + 1);
}

static void test_forgotten_when_unused(void **state)
{
	struct fixture *f = *state;
	int asked;

	put(f, "one");
	until_remembered(f);
	asked = f->asked;
	for (int i = 0; i < 10; i++)
		reader_sweep(f->reader);
	says(f, "one");
	assert_int_equal(f->asked, asked + 1);
}

static void test_text_is_wiped(void **state)
{
	struct fixture *f = *state;

	put(f, "secret");
	says(f, "sec");
	assert_memory_equal(f->seen, "\0\0\0\0\0\0", 6);
	put(f, "bad secret");
	assert_int_equal(
		reader_digest(f->reader, &f->arena, ROOT_FS, "file", first_three, f, &(struct span){0}, &f->err),
		READ_FAILED);
	assert_memory_equal(f->seen, "\0\0\0\0\0\0\0\0\0\0", 10);
}

static void test_absent_empty_and_none(void **state)
{
	struct fixture *f = *state;
	struct span out;

	assert_int_equal(ask(f, &out), READ_ABSENT);
	put(f, "");
	says(f, "");
	until_remembered(f);
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(ask(f, &out), READ_ABSENT);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(ask(f, &out), READ_FAILED);
	assert_int_equal(rmdir(f->path), 0);
	assert_int_equal(mkfifo(f->path, 0600), 0); /* must not hang */
	assert_int_equal(ask(f, &out), READ_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_asked_once_for_each_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten_when_unused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text_is_wiped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_absent_empty_and_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
