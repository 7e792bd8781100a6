/* Texts of files. */
#include <errno.h>
#include <poll.h>

#include "base/num.h"
#include "collect/reader_inside.h"

enum {
	HARDWARE_SWEEPS = 64,
	READ_FIRST = 4096,
};

bool read_absent(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENODEV:
	case ENXIO:
	case ESRCH:
	case EINVAL:
	case EOPNOTSUPP:
	case ENODATA: return true;
	default: return false;
	}
}

/* The file itself went away, so that another one may stand under its name. Else it has no answer at the moment, such
 * as the speed of an interface that is down, and its descriptor stays good. */
bool read_gone(int error)
{
	return read_absent(error) && error != EINVAL && error != EOPNOTSUPP && error != ENODATA;
}

enum read_result read_outcome(const char *path, struct err *err)
{
	if (read_absent(errno))
		return READ_ABSENT;
	err_errno(err, "%s", path);
	return READ_FAILED;
}

int read_rest(struct reader *r, int fd, const char *first, size_t n)
{
	buf_reset(&r->spill);
	buf_put(&r->spill, first, n);
	for (;;) {
		size_t room = r->spill.len < 65536 ? 65536 : r->spill.len;
		size_t left = READER_MAX_FILE + 1 - r->spill.len;
		char *p = buf_room(&r->spill, room < left ? room : left);
		ssize_t got;

		if (!left) {
			errno = EFBIG;
			return -1;
		}
		got = pread(fd, p, room < left ? room : left, (off_t)r->spill.len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return (int)got;
		r->spill.len += (size_t)got;
	}
}

/* The whole content into the arena, or -1 with errno. /proc and sysfs hand out all they have when the room is
 * ample, so that a read that fills less than half of it needs no second one. */
static int slurp(struct reader *r, struct arena *a, int fd, size_t expected, struct span *text)
{
	size_t room = expected * 2 < READ_FIRST ? READ_FIRST : expected * 2;
	char *p = arena_alloc(a, room);
	ssize_t n = pread(fd, p, room - 1, 0);

	if (n < 0)
		return -1;
	if ((size_t)n < room / 2) {
		p[n] = '\0';
		*text = (struct span){p, (size_t)n};
		arena_trim(a, p, room, (size_t)n + 1);
		return 0;
	}
	if (read_rest(r, fd, p, (size_t)n) < 0)
		return -1;
	arena_trim(a, p, room, 0);
	*text = (struct span){arena_strndup(a, r->spill.data, r->spill.len), r->spill.len};
	return 0;
}

static enum read_result read_path(struct reader *r, struct arena *a, const struct path *path, struct span *text,
                                  struct err *err)
{
	for (int attempt = 0;; attempt++) {
		struct kept *slot;
		int fd = kept_acquire(r, path, 0, &slot);
		int rc, saved;

		if (fd < 0)
			return read_outcome(path->text, err);
		rc = slurp(r, a, fd, slot ? slot->size : 0, text);
		saved = errno;
		if (!slot)
			close(fd);
		if (!rc && slot)
			slot->size = text->len + 1;
		if (!rc)
			return READ_OK;
		if (slot && (read_gone(saved) || !read_absent(saved)))
			kept_release(slot);
		errno = saved;
		if (!slot || attempt || !read_gone(saved))
			return read_outcome(path->text, err);
	}
}

enum read_result reader_read(struct reader *r, struct arena *a, enum reader_root root, const char *path,
                             struct span *text, struct err *err)
{
	struct path full;

	if (!path_expand(r, root, &full, "%s", path))
		return READ_ABSENT;
	return read_path(r, a, &full, text, err);
}

/* The mount table says through poll that it has changed since the last poll, or since it was opened. */
static bool may_have_changed(const struct reader *r, const struct kept *k, enum reader_recall recall)
{
	struct pollfd fd = {.fd = k->fd, .events = POLLPRI};

	if (recall == RECALL_HARDWARE)
		return r->sweep - k->text_sweep >= HARDWARE_SWEEPS;
	return poll(&fd, 1, 0) != 0;
}

static void remember(struct reader *r, struct kept *k, struct span text)
{
	char *copy;

	if (!k->path || k->fd < 0)
		return;
	copy = realloc(k->text, text.len + 1);
	if (!copy)
		return;
	memcpy(copy, text.s, text.len + 1);
	k->text = copy;
	k->text_len = text.len;
	k->text_sweep = r->sweep;
}

enum read_result reader_recall(struct reader *r, struct arena *a, enum reader_root root, const char *path,
                               enum reader_recall recall, struct span *text, struct err *err)
{
	struct path full;
	enum read_result rc;
	struct kept *k;

	if (!path_expand(r, root, &full, "%s", path))
		return READ_ABSENT;
	k = kept_find(r, full.text);
	if (k->text && k->fd >= 0 && !may_have_changed(r, k, recall)) {
		k->last_used = r->sweep;
		*text = (struct span){k->text, k->text_len};
		return READ_OK;
	}
	rc = read_path(r, a, &full, text, err);
	if (rc == READ_OK)
		remember(r, kept_find(r, full.text), *text);
	return rc;
}

enum read_result reader_readf(struct reader *r, struct arena *a, enum reader_root root, struct span *text,
                              struct err *err, const char *fmt, ...)
{
	struct path path;

	EXPAND_PATH(r, root, fmt, &path);
	return read_path(r, a, &path, text, err);
}

enum read_result reader_word(struct reader *r, struct arena *a, enum reader_root root, struct span *word,
                             struct err *err, const char *fmt, ...)
{
	struct path path;
	enum read_result rc;

	EXPAND_PATH(r, root, fmt, &path);
	rc = read_path(r, a, &path, word, err);
	if (rc == READ_OK)
		*word = span_trim(*word);
	return rc;
}

enum read_result reader_i64(struct reader *r, struct arena *a, enum reader_root root, int64_t *out, struct err *err,
                            const char *fmt, ...)
{
	struct path path;
	enum read_result rc;
	struct span word;

	EXPAND_PATH(r, root, fmt, &path);
	rc = read_path(r, a, &path, &word, err);
	if (rc != READ_OK)
		return rc;
	word = span_trim(word);
	return num_parse_i64(word.s, word.len, out) ? READ_OK : READ_ABSENT;
}
