#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"

static int read_all(int fd, const char *path, size_t max, struct buf *b, struct err *err)
{
	for (;;) {
		char *room = buf_room(b, 4096);
		ssize_t n;

		if (b->len > max)
			return err_set(err, "%s: larger than %zu bytes", path, max);
		n = read(fd, room, 4096);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "%s", path);
		if (n == 0)
			return 0;
		b->len += (size_t)n;
	}
}

int file_read(struct arena *a, const char *path, size_t max, char **data, size_t *len, struct err *err)
{
	int CLEANUP_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct buf CLEANUP_BUF b = {.max = max + 8192};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "%s", path);
	if (S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode) || S_ISSOCK(st.st_mode))
		return err_set(err, "%s: not a regular file", path);
	if (read_all(fd, path, max, &b, err) < 0)
		return -1;
	*data = arena_strndup(a, b.data ? b.data : "", b.len);
	*len = b.len;
	return 0;
}
