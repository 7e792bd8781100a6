/* Reading the text of compressed files at offsets, also of those that end too early or are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "base/attr.h"
#include "logs/gz_file.h"

enum { TEXT = 300000, PACKED = TEXT + 1024 };

static char text[TEXT];

static size_t pack(unsigned char out[PACKED], size_t n)
{
	z_stream z = {.next_in = (void *)text, .avail_in = (unsigned)n, .next_out = out, .avail_out = PACKED};

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return PACKED - z.avail_out;
}

static int file_of(const unsigned char *data, size_t n)
{
	int fd = memfd_create("packed", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, n), n);
	return fd;
}

static int set_up(void **state)
{
	(void)state;
	srandom(1);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (char)('a' + random() % 16);
	return 0;
}

static void assert_read(struct gz_file *z, uint64_t offset, size_t n, ssize_t expected)
{
	char CLEANUP_FREE *out = malloc(n);
	bool broken;

	assert_int_equal(gz_file_read(z, out, n, offset, &broken), expected);
	assert_false(broken);
	if (expected > 0)
		assert_memory_equal(out, text + offset, (size_t)expected);
}

static void test_offsets(void **state)
{
	unsigned char packed[PACKED];
	size_t n = pack(packed, TEXT);
	int CLEANUP_FD fd = file_of(packed, n);
	struct gz_file *z = gz_file_open(fd);

	(void)state;
	assert_true(gz_file_is(fd));
	assert_int_equal(gz_file_size(fd, 0), TEXT);
	assert_int_equal(gz_file_size(fd, TEXT), TEXT);
	assert_int_equal(gz_file_size(fd, TEXT + 1), TEXT + (1ull << 32));
	assert_read(z, 0, 100, 100);
	assert_read(z, 100, 1000, 1000);
	assert_read(z, 200000, 1000, 1000);
	assert_read(z, 5, 7, 7); /* backwards */
	assert_read(z, TEXT - 10, 100, 10);
	assert_read(z, TEXT, 100, 0);
	gz_file_close(z);
}

static void test_ends_too_early_and_goes_on(void **state)
{
	unsigned char packed[PACKED];
	size_t n = pack(packed, TEXT);
	int CLEANUP_FD fd = file_of(packed, n / 2);
	struct gz_file *z = gz_file_open(fd);
	char out[1000];
	uint64_t at = 0;
	ssize_t got;
	bool broken = false;

	(void)state;
	while ((got = gz_file_read(z, out, sizeof(out), at, &broken)) > 0)
		at += (uint64_t)got;
	assert_false(broken);
	assert_true(at > TEXT / 3 && at < TEXT * 2 / 3);
	assert_int_equal(pwrite(fd, packed + n / 2, n - n / 2, (off_t)(n / 2)), n - n / 2);
	assert_read(z, at, 1000, 1000);
	assert_read(z, TEXT - 1, 1000, 1);
	gz_file_close(z);
}

static void test_damaged(void **state)
{
	unsigned char packed[PACKED];
	size_t n = pack(packed, TEXT);
	char out[1000];
	uint64_t at = 0;
	ssize_t got;
	bool broken = false;

	(void)state;
	memset(packed + n / 2, 0xff, 100);
	{
		int CLEANUP_FD fd = file_of(packed, n);
		struct gz_file *z = gz_file_open(fd);

		while ((got = gz_file_read(z, out, sizeof(out), at, &broken)) > 0)
			at += (uint64_t)got;
		gz_file_close(z);
	}
	assert_true(broken);
	assert_true(at < TEXT);
}

static void test_no_gzip(void **state)
{
	int CLEANUP_FD fd = file_of((const void *)"\x1f", 1), CLEANUP_FD other = file_of((const void *)"plain", 5);

	(void)state;
	assert_false(gz_file_is(fd));
	assert_false(gz_file_is(other));
	assert_int_equal(gz_file_size(fd, 7), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_offsets, set_up),
		cmocka_unit_test_setup(test_ends_too_early_and_goes_on, set_up),
		cmocka_unit_test_setup(test_damaged, set_up),
		cmocka_unit_test(test_no_gzip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
