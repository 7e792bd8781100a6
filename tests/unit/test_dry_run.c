/* Frozen lines of real programs, and what `ship --dry-run` shows of them. UPDATE_GOLDEN=1 writes expected.txt anew.
 * A case is a folder of tests/dry_run: stages.yml, input.log, expected.txt. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "config/bind.h"
#include "logs/dry_run.h"
#include "logs/pipeline.h"

struct bound {
	struct string_map labels;
	struct list stages;
};

static void bind_case(struct arena *a, const char *directory, struct bound *out)
{
	struct faults CLEANUP(faults_fini) faults = {0};
	struct field *rows = ARENA_ARRAY(a, struct field, 3);

	rows[0] = (struct field)F_MAP(struct bound, labels, "");
	rows[1] = (struct field)F_CHOICES(struct bound, stages, stage_fields(a), "");
	rows[1].check = stage_check;
	if (bind_file(a, arena_printf(a, "%s/stages.yml", directory), rows, out, &faults) < 0)
		fail_msg("%s", faults.text.data);
}

static char *run_case(struct arena *a, const char *directory, size_t *len)
{
	FILE CLEANUP_FILE *in = fopen(arena_printf(a, "%s/input.log", directory), "re");
	char CLEANUP_FREE *text = NULL;
	struct bound bound;
	struct err err;
	FILE *out = open_memstream(&text, len);
	int rc;

	assert_non_null(in);
	assert_non_null(out);
	bind_case(a, directory, &bound);
	rc = dry_run(&bound.stages, &bound.labels, in, out, &err);
	fclose(out);
	if (rc < 0)
		fail_msg("%s: %s", directory, err.text);
	return arena_strndup(a, text, *len);
}

static void write_expected(const char *path, const char *text, size_t len)
{
	FILE CLEANUP_FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
}

static void check_case(const char *name)
{
	struct arena CLEANUP(arena_fini) a = {0};
	char *directory = arena_printf(&a, TEST_DIR "/dry_run/%s", name), *expected, *shown;
	char *path = arena_printf(&a, "%s/expected.txt", directory);
	struct err err;
	size_t n, len;

	shown = run_case(&a, directory, &n);
	if (getenv("UPDATE_GOLDEN"))
		write_expected(path, shown, n);
	if (file_read(&a, path, 1 << 20, &expected, &len, &err) < 0)
		fail_msg("%s", err.text);
	if (strcmp(shown, expected) != 0)
		fail_msg("%s: shows\n%s", name, shown);
}

static void test_cases(void **state)
{
	DIR CLEANUP_DIR *d = opendir(TEST_DIR "/dry_run");
	size_t n = 0;

	(void)state;
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.') {
			check_case(e->d_name);
			n++;
		}
	assert_true(n >= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
