#include "logs/gz_file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { TRAILER = 4, SMALLEST = 18, WINDOW = 32 * 1024 };

struct gz_file {
	gzFile zlib;
};

bool gz_file_is(int fd)
{
	unsigned char magic[2];

	return pread(fd, magic, sizeof(magic), 0) == sizeof(magic) && magic[0] == 0x1f && magic[1] == 0x8b;
}

struct gz_file *gz_file_open(int fd)
{
	struct gz_file *z = calloc(1, sizeof(*z));
	int own = dup(fd);

	if (!z)
		abort();
	z->zlib = own >= 0 && lseek(own, 0, SEEK_SET) == 0 ? gzdopen(own, "rb") : NULL;
	if (z->zlib) {
		gzbuffer(z->zlib, WINDOW);
		return z;
	}
	if (own >= 0)
		close(own);
	free(z);
	return NULL;
}

void gz_file_close(struct gz_file *z)
{
	if (!z)
		return;
	gzclose_r(z->zlib);
	free(z);
}

ssize_t gz_file_read(struct gz_file *z, char *out, size_t n, uint64_t offset, bool *broken)
{
	int got, error = Z_OK;

	gzclearerr(z->zlib); /* it may have grown since it ended too early */
	if (gzseek(z->zlib, (z_off_t)offset, SEEK_SET) < 0)
		got = -1;
	else
		got = gzread(z->zlib, out, (unsigned)n);
	gzerror(z->zlib, &error);
	*broken = got <= 0 && error != Z_OK && error != Z_BUF_ERROR;
	return got;
}

uint64_t gz_file_size(int fd, uint64_t known)
{
	unsigned char trailer[TRAILER];
	struct stat st;
	uint32_t size = 0;

	if (fstat(fd, &st) < 0 || st.st_size < SMALLEST ||
	    pread(fd, trailer, sizeof(trailer), st.st_size - TRAILER) != sizeof(trailer))
		return known;
	for (int i = TRAILER; i-- > 0;)
		size = size << 8 | trailer[i];
	return known + (uint32_t)(size - (uint32_t)known);
}
