/* Directories, links and times. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "collect/reader_inside.h"

enum { DIRENTS = 16 * 1024 };

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct dirent64_raw {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static void add_names(struct arena *a, const char *data, size_t len, bool dirs, struct name_list *out, size_t *room)
{
	for (size_t at = 0; at < len;) {
		const struct dirent64_raw *d = (const void *)(data + at);

		at += d->size;
		if (!strcmp(d->name, ".") || !strcmp(d->name, "..") || (dirs && d->type != DT_DIR))
			continue;
		if (out->n == *room) {
			size_t bigger = *room ? *room * 2 : 16;
			const char **names = ARENA_ARRAY(a, const char *, bigger);

			if (out->n)
				memcpy(names, out->names, out->n * sizeof(*names));
			out->names = names;
			*room = bigger;
		}
		out->names[out->n++] = arena_strdup(a, d->name);
	}
}

static int list_fd(struct arena *a, int fd, bool dirs, struct name_list *out)
{
	_Alignas(8) char data[DIRENTS];
	size_t room = 0;
	long n;

	*out = (struct name_list){0};
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	while ((n = syscall(SYS_getdents64, fd, data, sizeof(data))) > 0)
		add_names(a, data, (size_t)n, dirs, out, &room);
	if (n < 0)
		return -1;
	if (out->n > 1)
		qsort(out->names, out->n, sizeof(*out->names), by_name);
	return 0;
}

enum read_result reader_list(struct reader *r, struct arena *a, enum reader_root root, struct name_list *out,
                             struct err *err, const char *fmt, ...)
{
	struct path path;

	EXPAND_PATH(r, root, fmt, &path);
	for (int attempt = 0;; attempt++) {
		struct kept *slot;
		int fd = kept_acquire(r, &path, O_DIRECTORY, &slot);
		int rc, saved;

		if (fd < 0)
			return read_outcome(path.text, err);
		rc = list_fd(a, fd, false, out);
		saved = errno;
		if (!slot)
			close(fd);
		if (!rc)
			return READ_OK;
		if (slot)
			kept_release(slot);
		errno = saved;
		if (!slot || attempt || !read_absent(saved))
			return read_outcome(path.text, err);
	}
}

enum read_result reader_dirs(struct reader *r, struct arena *a, enum reader_root root, struct name_list *out,
                             struct err *err, const char *fmt, ...)
{
	struct path path;
	struct stat st;
	int fd, rc, saved;

	*out = (struct name_list){0};
	EXPAND_PATH(r, root, fmt, &path);
	if (stat(path.text, &st) < 0)
		return read_outcome(path.text, err);
	if (st.st_nlink == 2) /* its own name and its ".", and no ".." of another */
		return READ_OK;
	fd = open(path.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return read_outcome(path.text, err);
	rc = list_fd(a, fd, true, out);
	saved = errno;
	close(fd);
	errno = saved;
	return rc ? read_outcome(path.text, err) : READ_OK;
}

enum read_result reader_link(struct reader *r, struct arena *a, enum reader_root root, const char **target,
                             struct err *err, const char *fmt, ...)
{
	struct path path;
	char text[PATH_ROOM];
	ssize_t n;

	EXPAND_PATH(r, root, fmt, &path);
	n = readlink(path.text, text, sizeof(text));
	if (n < 0)
		return read_outcome(path.text, err);
	*target = arena_strndup(a, text, (size_t)n);
	return READ_OK;
}

enum read_result reader_resolve(struct reader *r, struct arena *a, enum reader_root root, const char **resolved,
                                struct err *err, const char *fmt, ...)
{
	struct path path;
	char text[PATH_MAX];

	EXPAND_PATH(r, root, fmt, &path);
	if (!realpath(path.text, text))
		return read_outcome(path.text, err);
	*resolved = arena_strdup(a, text);
	return READ_OK;
}

enum read_result reader_mtime(struct reader *r, enum reader_root root, int64_t *ns, struct err *err, const char *fmt,
                              ...)
{
	struct path path;
	struct stat st;

	EXPAND_PATH(r, root, fmt, &path);
	if (stat(path.text, &st) < 0)
		return read_outcome(path.text, err);
	*ns = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	return READ_OK;
}
