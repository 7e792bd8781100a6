/* The reader on a tree that changes under it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collect/reader.h"

struct fixture {
	char dir[64];
	struct reader *reader;
	struct arena arena;
	struct err err;
};

static void path_of(const struct fixture *f, const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", f->dir, name);
}

static void put(struct fixture *f, const char *name, const void *data, size_t len)
{
	char path[256];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct roots roots = {f->dir, f->dir, f->dir};

	snprintf(f->dir, sizeof(f->dir), "/tmp/vedette-reader-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->reader = reader_new(&roots);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", f->dir);
	assert_int_equal(system(command), 0);
	reader_free(f->reader);
	arena_fini(&f->arena);
	free(f);
	return 0;
}

static void reads(struct fixture *f, enum reader_root root, const char *name, const char *expected)
{
	struct span text = {0};

	assert_int_equal(reader_read(f->reader, &f->arena, root, name, &text, &f->err), READ_OK);
	assert_string_equal(text.s, expected);
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void test_kept_file_tells_the_present(void **state)
{
	struct fixture *f = *state;
	size_t before;

	put(f, "stat", "one\n", 4);
	reads(f, ROOT_PROC, "stat", "one\n");
	before = open_descriptors();
	put(f, "stat", "three\n", 6);
	reads(f, ROOT_PROC, "stat", "three\n");
	assert_int_equal(open_descriptors(), before);
}

static void test_replaced_file_below_the_root_is_seen(void **state)
{
	struct fixture *f = *state;
	char from[256], to[256];

	put(f, "os-release", "old\n", 4);
	reads(f, ROOT_FS, "os-release", "old\n");
	put(f, "new", "new\n", 4);
	path_of(f, "new", from);
	path_of(f, "os-release", to);
	assert_int_equal(rename(from, to), 0);
	reads(f, ROOT_FS, "os-release", "new\n");
}

static void test_absent_and_unreadable(void **state)
{
	struct fixture *f = *state;
	struct span text;
	struct name_list names;
	char path[256];

	assert_int_equal(reader_read(f->reader, &f->arena, ROOT_PROC, "none", &text, &f->err), READ_ABSENT);
	assert_int_equal(reader_list(f->reader, &f->arena, ROOT_SYS, &names, &f->err, "%s", "none"), READ_ABSENT);
	path_of(f, "dir", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(reader_read(f->reader, &f->arena, ROOT_PROC, "dir", &text, &f->err), READ_FAILED);
	assert_non_null(strstr(f->err.text, "/dir: Is a directory"));
}

/* Hardware that is added is seen, if not at once. */
static void test_absent_is_looked_for_again(void **state)
{
	struct fixture *f = *state;
	struct span text;
	int sweeps = 0;

	assert_int_equal(reader_read(f->reader, &f->arena, ROOT_SYS, "hwmon", &text, &f->err), READ_ABSENT);
	put(f, "hwmon", "here\n", 5);
	while (reader_read(f->reader, &f->arena, ROOT_SYS, "hwmon", &text, &f->err) != READ_OK) {
		assert_true(++sweeps <= 8);
		reader_sweep(f->reader);
	}
	assert_string_equal(text.s, "here\n");
	assert_true(sweeps > 1);
	assert_int_equal(reader_read(f->reader, &f->arena, ROOT_FS, "file", &text, &f->err), READ_ABSENT);
	put(f, "file", "now\n", 4);
	reads(f, ROOT_FS, "file", "now\n");
}

static void recalls(struct fixture *f, const char *expected)
{
	struct span text;

	assert_int_equal(reader_recall(f->reader, &f->arena, ROOT_PROC, "cpuinfo", RECALL_HARDWARE, &text, &f->err),
	                 READ_OK);
	assert_string_equal(text.s, expected);
	arena_reset(&f->arena);
	reader_sweep(f->reader);
}

static void test_hardware_is_asked_seldom(void **state)
{
	struct fixture *f = *state;

	put(f, "cpuinfo", "one cpu\n", 8);
	recalls(f, "one cpu\n");
	put(f, "cpuinfo", "two cpus\n", 9);
	for (int i = 1; i < 64; i++)
		recalls(f, "one cpu\n");
	recalls(f, "two cpus\n");
	recalls(f, "two cpus\n");
}

static void test_mounts_tell_of_a_change(void **state)
{
	struct fixture *f = *state;
	struct roots roots = {"/proc", "/sys", ""};
	struct reader *reader = reader_new(&roots);
	struct span first, again, changed;
	char command[256];

	if (unshare(CLONE_NEWNS) < 0) {
		reader_free(reader);
		skip();
	}
	assert_int_equal(
		reader_recall(reader, &f->arena, ROOT_PROC, "thread-self/mountinfo", RECALL_MOUNTS, &first, &f->err),
		READ_OK);
	assert_int_equal(
		reader_recall(reader, &f->arena, ROOT_PROC, "thread-self/mountinfo", RECALL_MOUNTS, &again, &f->err),
		READ_OK);
	assert_int_equal(again.len, first.len);
	assert_memory_equal(again.s, first.s, first.len);
	snprintf(command, sizeof(command), "mount --make-rprivate / && mount -t tmpfs none %s", f->dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(
		reader_recall(reader, &f->arena, ROOT_PROC, "thread-self/mountinfo", RECALL_MOUNTS, &changed, &f->err),
		READ_OK);
	assert_non_null(memmem(changed.s, changed.len, f->dir, strlen(f->dir)));
	assert_int_equal(umount(f->dir), 0);
	reader_free(reader);
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 2047, 2048, 4094, 4095, 4096, 4097, 65535, 200000};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *data = malloc(sizes[i] + 1);
		struct span text;

		for (size_t k = 0; k < sizes[i]; k++)
			data[k] = (char)(k * 31 + i); /* NUL bytes too */
		put(f, "big", data, sizes[i]);
		assert_int_equal(reader_read(f->reader, &f->arena, ROOT_PROC, "big", &text, &f->err), READ_OK);
		assert_int_equal(text.len, sizes[i]);
		assert_memory_equal(text.s, data, sizes[i]);
		assert_int_equal(text.s[text.len], '\0');
		free(data);
	}
}

static void test_too_large(void **state)
{
	struct fixture *f = *state;
	struct span text;
	char path[256];

	put(f, "huge", "x", 1);
	path_of(f, "huge", path);
	assert_int_equal(truncate(path, READER_MAX_FILE + 4096), 0);
	assert_int_equal(reader_read(f->reader, &f->arena, ROOT_PROC, "huge", &text, &f->err), READ_FAILED);
	assert_non_null(strstr(f->err.text, "File too large"));
}

static void test_numbers_and_words(void **state)
{
	struct fixture *f = *state;
	struct span word;
	int64_t n = 0;

	put(f, "speed", "-1\n", 3);
	assert_int_equal(reader_i64(f->reader, &f->arena, ROOT_SYS, &n, &f->err, "%s", "speed"), READ_OK);
	assert_int_equal(n, -1);
	put(f, "duplex", " full \n", 7);
	assert_int_equal(reader_word(f->reader, &f->arena, ROOT_SYS, &word, &f->err, "%s", "duplex"), READ_OK);
	assert_true(span_eq(word, "full"));
	assert_int_equal(reader_i64(f->reader, &f->arena, ROOT_SYS, &n, &f->err, "%s", "duplex"), READ_ABSENT);
}

static void test_paths(void **state)
{
	struct fixture *f = *state;
	struct span text;
	char longest[600];

	put(f, "a7b%", "x", 1);
	assert_int_equal(reader_readf(f->reader, &f->arena, ROOT_SYS, &text, &f->err, "%s%d%s", "a", 7, "b%"), READ_OK);
	assert_int_equal(reader_readf(f->reader, &f->arena, ROOT_SYS, &text, &f->err, "%s%%", "a7b"), READ_OK);
	assert_int_equal(reader_readf(f->reader, &f->arena, ROOT_SYS, &text, &f->err, "a%sb%s", "7", "%"), READ_OK);
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 ? '/' : 'y';
	for (size_t len = 440; len < sizeof(longest); len++) {
		char was = longest[len];

		longest[len] = '\0';
		assert_int_equal(reader_readf(f->reader, &f->arena, ROOT_SYS, &text, &f->err, "%s", longest),
		                 READ_ABSENT);
		assert_int_equal(reader_readf(f->reader, &f->arena, ROOT_SYS, &text, &f->err, "%s%d", longest, 1),
		                 READ_ABSENT);
		longest[len] = was;
	}
}

static void test_list_is_sorted_and_live(void **state)
{
	struct fixture *f = *state;
	struct name_list names;

	put(f, "eth1", "", 0);
	put(f, "eth0", "", 0);
	assert_int_equal(reader_list(f->reader, &f->arena, ROOT_SYS, &names, &f->err, "."), READ_OK);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.names[0], "eth0");
	put(f, "br0", "", 0);
	assert_int_equal(reader_list(f->reader, &f->arena, ROOT_SYS, &names, &f->err, "."), READ_OK);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.names[0], "br0");
}

static void test_dirs_are_directories_only(void **state)
{
	struct fixture *f = *state;
	struct name_list names;
	size_t before = open_descriptors();
	char path[256];

	put(f, "file", "", 0);
	assert_int_equal(reader_dirs(f->reader, &f->arena, ROOT_SYS, &names, &f->err, "."), READ_OK);
	assert_int_equal(names.n, 0);
	for (int i = 2; i >= 1; i--) {
		path_of(f, i == 1 ? "a.slice" : "b", path);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	assert_int_equal(reader_dirs(f->reader, &f->arena, ROOT_SYS, &names, &f->err, "."), READ_OK);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.names[0], "a.slice");
	assert_int_equal(reader_dirs(f->reader, &f->arena, ROOT_SYS, &names, &f->err, "none"), READ_ABSENT);
	assert_int_equal(open_descriptors(), before);
}

/* What opens and cannot be read must not fill the table within one collection. */
static void test_many_that_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	size_t before = open_descriptors();

	for (int i = 0; i < 3 * READER_MAX_KEPT; i++) {
		struct span text;
		char name[32], path[256];

		snprintf(name, sizeof(name), "d%d", i);
		path_of(f, name, path);
		assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(reader_read(f->reader, &f->arena, ROOT_SYS, name, &text, &f->err), READ_FAILED);
	}
	assert_int_equal(open_descriptors(), before);
}

static void test_files_of_processes_are_not_kept(void **state)
{
	struct fixture *f = *state;
	char path[256];
	size_t before = open_descriptors();

	path_of(f, "1234", path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(f, "1234/stat", "x", 1);
	reads(f, ROOT_PROC, "1234/stat", "x");
	assert_int_equal(open_descriptors(), before);
	path_of(f, "1", path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(f, "1/mountinfo", "y", 1);
	reads(f, ROOT_PROC, "1/mountinfo", "y");
	assert_int_equal(open_descriptors(), before + 1);
}

/* More files than may be kept, again and again, some going away: descriptors stay bounded. */
static void test_descriptors_are_bounded(void **state)
{
	struct fixture *f = *state;
	size_t before = open_descriptors();

	for (int round = 0; round < 8; round++) {
		for (int i = 0; i < READER_MAX_KEPT + 100; i++) {
			struct span text;
			char name[32];

			snprintf(name, sizeof(name), "f%d", i + round * 100);
			put(f, name, name, strlen(name));
			assert_int_equal(reader_readf(f->reader, &f->arena, ROOT_PROC, &text, &f->err, "%s", name),
			                 READ_OK);
			assert_string_equal(text.s, name);
		}
		reader_sweep(f->reader);
		arena_reset(&f->arena);
		assert_true(open_descriptors() <= before + READER_MAX_KEPT);
	}
	for (int i = 0; i < 6; i++)
		reader_sweep(f->reader);
	assert_int_equal(open_descriptors(), before);
}

/* A path from the config: as this process sees it, whatever the roots are, and replaced under its name. */
static void test_own_paths(void **state)
{
	struct fixture *f = *state;
	char path[256], other[256], real[4096];
	const char *resolved;
	int64_t ns;

	path_of(f, "a.prom", path);
	path_of(f, "link", other);
	put(f, "a.prom", "one", 3);
	reads(f, ROOT_SELF, path, "one");
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){{5, 0}, {1700000000, 250000000}}, 0), 0);
	assert_int_equal(reader_mtime(f->reader, ROOT_SELF, &ns, &f->err, "%s", path), READ_OK);
	assert_int_equal(ns, 1700000000250000000);
	assert_int_equal(symlink(path, other), 0);
	assert_non_null(realpath(path, real));
	assert_int_equal(reader_resolve(f->reader, &f->arena, ROOT_SYS, &resolved, &f->err, "link"), READ_OK);
	assert_string_equal(resolved, real);
	put(f, "b.prom", "two", 3);
	path_of(f, "b.prom", other);
	assert_int_equal(rename(other, path), 0);
	reads(f, ROOT_SELF, path, "two");
	assert_int_equal(reader_mtime(f->reader, ROOT_SELF, &ns, &f->err, "%s", other), READ_ABSENT);
}

/* The loopback has no speed: the kernel answers EINVAL, which is no reason to open the file again and again. */
static void test_no_answer_keeps_the_descriptor(void **state)
{
	struct fixture *f = *state;
	struct roots roots = {"/proc", "/sys", "/"};
	struct reader *reader;
	struct span text;
	size_t before = open_descriptors();

	if (access("/sys/class/net/lo/speed", R_OK) < 0)
		skip();
	reader = reader_new(&roots);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(reader_read(reader, &f->arena, ROOT_SYS, "class/net/lo/speed", &text, &f->err),
		                 READ_ABSENT);
		assert_int_equal(open_descriptors(), before + 1);
	}
	reader_free(reader);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_kept_file_tells_the_present),
		TEST(test_replaced_file_below_the_root_is_seen),
		TEST(test_absent_and_unreadable),
		TEST(test_absent_is_looked_for_again),
		TEST(test_hardware_is_asked_seldom),
		TEST(test_mounts_tell_of_a_change),
		TEST(test_sizes),
		TEST(test_too_large),
		TEST(test_numbers_and_words),
		TEST(test_paths),
		TEST(test_dirs_are_directories_only),
		TEST(test_list_is_sorted_and_live),
		TEST(test_many_that_cannot_be_read),
		TEST(test_files_of_processes_are_not_kept),
		TEST(test_descriptors_are_bounded),
		TEST(test_own_paths),
		TEST(test_no_answer_keeps_the_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
