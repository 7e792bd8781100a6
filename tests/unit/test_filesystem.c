/* Lines of mountinfo, whole and broken, and what becomes of mount points below another root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "exporters/host/filesystem.c" // NOLINT(bugprone-suspicious-include): for its statics

static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void parses(void **state)
{
	struct mount m;

	(void)state;
	assert_true(parse_mount(
		&arena, span_of("1 2 8:1 / /a\\040b\\134 ro,noatime master:1 shared:2 - fuse.x d\\011v rw"), "/", &m));
	assert_string_equal(m.point, "/a b\\");
	assert_string_equal(m.type, "fuse.x");
	assert_string_equal(m.device, "d\tv");
	assert_true(m.readonly);
	assert_true(parse_mount(&arena, span_of("1 2 8:1 / / rw - ext4 /dev/a rw,errors=remount-ro"), "/", &m));
	assert_false(m.readonly);
	assert_true(parse_mount(&arena, span_of("1 2 8:1 / / rw - ext4 /dev/a ro"), "/", &m));
	assert_true(m.readonly);
	assert_true(parse_mount(&arena, span_of("1 2 8:1 / / rw - tmpfs  rw"), "/", &m));
	assert_string_equal(m.device, "");
}

/* Each beginning of a line that lacks a field is refused, and none is read beyond its end. */
static void cut_off(void **state)
{
	static const char line[] = "1 2 8:1 / /a rw master:1 - ext4 /dev/a rw";
	struct mount m;

	(void)state;
	for (size_t n = 0; n < sizeof(line); n++) {
		char *copy = arena_alloc(&arena, n);

		memcpy(copy, line, n);
		assert_int_equal(parse_mount(&arena, (struct span){copy, n}, "/", &m), n >= sizeof(line) - 3);
	}
	assert_false(parse_mount(&arena, SPAN("\0\377\0 \0"), "/", &m));
}

static void escapes(void **state)
{
	(void)state;
	assert_string_equal(unescape(&arena, span_of("")), "");
	assert_string_equal(unescape(&arena, span_of("\\040\\")), " \\");
	assert_string_equal(unescape(&arena, span_of("a\\04")), "a\\04");
	assert_string_equal(unescape(&arena, span_of("\\048\\999")), "\\048\\999");
}

static void strips_root(void **state)
{
	(void)state;
	assert_string_equal(strip_root("/host", "/host"), "/");
	assert_string_equal(strip_root("/host/data", "/host/"), "/data");
	assert_string_equal(strip_root("/hostile", "/host"), "/hostile");
	assert_string_equal(strip_root("/data", "/"), "/data");
	assert_string_equal(path_of(&arena, "/", "/data"), "/data");
	assert_string_equal(path_of(&arena, "/", "/"), "/");
	assert_string_equal(path_of(&arena, "/host/", "/data"), "/host/data");
	assert_string_equal(path_of(&arena, "/host", "/"), "/host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(parses, free_arena),
		cmocka_unit_test_teardown(cut_off, free_arena),
		cmocka_unit_test_teardown(escapes, free_arena),
		cmocka_unit_test_teardown(strips_root, free_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
