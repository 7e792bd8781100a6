/* Reading one file of a worker: never mapped, because one that is cut off meanwhile would end us. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "exporters/multiprocess/common_multiprocess.h"

enum { HEAD = 8, BLOCK = 4096 };

static void make_room(struct db_buffer *b, size_t wanted)
{
	size_t size = b->size ? b->size : 16 * (size_t)BLOCK;
	char *data;

	if (wanted <= b->size)
		return;
	while (size < wanted)
		size *= 2;
	data = arena_alloc(b->arena, size);
	if (b->size)
		memcpy(data, b->data, b->size);
	b->data = data;
	b->size = size;
}

/* As much as there is of [from, to), up to to. */
static ssize_t read_part(const struct db_buffer *b, int fd, size_t from, size_t to)
{
	ssize_t n;

	while (from < to && (n = pread(fd, b->data + from, to - from, (off_t)from)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		from += (size_t)n;
	}
	return (ssize_t)from;
}

static enum db_result fault_of(const char **fault, const char *what)
{
	*fault = what;
	return DB_FAULT;
}

static enum db_result read_fd(struct db_buffer *b, int fd, struct span *out, const char **fault)
{
	size_t first = (b->usual / BLOCK + 1) * BLOCK; /* files of workers are much the same */
	int32_t used = 0;
	ssize_t n;

	make_room(b, first);
	n = read_part(b, fd, 0, first);
	if (n < 0)
		return fault_of(fault, "cannot be read");
	if (n > 0 && n < HEAD)
		return fault_of(fault, "is shorter than its head");
	if (n > 0)
		memcpy(&used, b->data, sizeof(used));
	*out = (struct span){b->data, 0};
	if (used == 0) /* just made */
		return DB_OK;
	if (used < HEAD || used > MULTIPROCESS_MAX_FILE)
		return fault_of(fault, "says that it holds less than its head, or more than 16 MiB");
	if (used > n) {
		make_room(b, (size_t)used);
		n = read_part(b, fd, (size_t)n, (size_t)used);
	}
	if (n < 0)
		return fault_of(fault, "cannot be read");
	if (n < used)
		return fault_of(fault, "is shorter than it says");
	b->usual = (size_t)used;
	*out = (struct span){b->data, (size_t)used};
	return DB_OK;
}

enum db_result db_read(struct db_buffer *buffer, int directory, const char *name, struct span *out, const char **fault)
{
	int CLEANUP_FD fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errno == ENOENT ? DB_ABSENT : fault_of(fault, "cannot be opened");
	return read_fd(buffer, fd, out, fault);
}
