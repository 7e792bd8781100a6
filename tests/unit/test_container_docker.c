/* Docker's descriptions that end at any byte, as a full disk leaves them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exporters/container/common_container.h"

static const char whole[] =
	"{\"State\": {\"Running\": true, \"Pid\": 12, \"ExitCode\": 3, \"StartedAt\": \"2026-11-20T10:00:00Z\", "
	"\"Health\": {\"Status\": \"healthy\"}}, \"RestartCount\": 2, \"Config\": {\"Image\": \"app:1\", "
	"\"Env\": [\"PASSWORD=#ThawZin2k77!\", \"\\u00e9\\n\"], \"Labels\": {\"service\": \"web\"}}, "
	"\"NetworkSettings\": {\"Networks\": {\"host\": {}}}, \"Name\": \"/app\"}";

struct fixture {
	char dir[64], path[128];
	struct reader *reader;
	struct arena arena;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct roots roots = {f->dir, f->dir, f->dir};

	snprintf(f->dir, sizeof(f->dir), "/tmp/vedette-docker-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/id", f->dir);
	assert_int_equal(mkdir(f->path, 0700), 0);
	snprintf(f->path, sizeof(f->path), "%s/id/config.v2.json", f->dir);
	f->reader = reader_new(&roots);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	*strrchr(f->path, '/') = '\0';
	rmdir(f->path);
	rmdir(f->dir);
	reader_free(f->reader);
	arena_fini(&f->arena);
	free(f);
	return 0;
}

static int containers(struct fixture *f, size_t len, struct containers *out, struct err *err)
{
	static const char *labels[] = {"service", "none"};
	static const struct container_settings settings = {.labels = {labels, 2}, .docker_directory = "."};
	struct probe probe = {.arena = &f->arena, .reader = f->reader, .target = &settings};
	int fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, whole, len), len);
	assert_int_equal(close(fd), 0);
	return docker_containers(&probe, out, err);
}

static void test_whole(void **state)
{
	struct containers found;
	struct err err = {""};

	assert_int_equal(containers(*state, strlen(whole), &found, &err), 0);
	assert_int_equal(found.n, 1);
	assert_string_equal(found.items[0].id, "id");
	assert_string_equal(found.items[0].name, "app");
	assert_string_equal(found.items[0].image, "app:1");
	assert_string_equal(found.items[0].health, "healthy");
	assert_string_equal(found.items[0].labels[0], "web");
	assert_null(found.items[0].labels[1]);
	assert_int_equal(found.items[0].pid, 12);
	assert_int_equal(found.items[0].exit_code, 3);
	assert_int_equal(found.items[0].restarts, 2);
	assert_true(found.items[0].running && found.items[0].host_network && found.items[0].docker);
	assert_true(found.items[0].started > 1.7e9);
}

static void test_each_truncation_is_an_error(void **state)
{
	for (size_t len = 0; len < strlen(whole); len++) {
		struct containers found;
		struct err err = {""};

		assert_int_equal(containers(*state, len, &found, &err), -1);
		assert_int_equal(found.n, 0);
		assert_non_null(strstr(err.text, "config.v2.json: no JSON from byte"));
		assert_null(strstr(err.text, "Thaw"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_each_truncation_is_an_error, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
