#include "collect/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/num.h"

enum {
	TABLE_SIZE = 1024, /* a power of two, over twice READER_MAX_KEPT */
	HARDWARE_SWEEPS = 64,
	ABSENT_SWEEPS = 8,
	IDLE_SWEEPS = 4, /* a descriptor unused for so many collections is closed */
	READ_FIRST = 4096,
	DIRENTS = 16 * 1024,
	PATH_ROOM = 512,
};

struct kept {
	char *path;  /* NULL: free; owned */
	int fd;      /* -1: not kept, or not there */
	size_t size; /* what the last read brought: the next one asks for twice that at once */
	uint32_t last_used;
	uint32_t absent_until; /* fd -1: not there, and not to be asked for before this collection */
	char *text;            /* of reader_remember: what was read last; NULL: nothing; owned */
	size_t text_len;
	uint32_t text_sweep; /* when */
};

struct reader {
	struct roots roots;
	struct kept table[TABLE_SIZE];
	size_t kept;
	uint32_t sweep;
	struct buf spill; /* for files larger than one read */
};

struct reader *reader_new(const struct roots *roots)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->roots = *roots;
	buf_init(&r->spill, READER_MAX_FILE + 1);
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		if (r->table[i].path && r->table[i].fd >= 0)
			close(r->table[i].fd);
		free(r->table[i].path);
		free(r->table[i].text);
	}
	buf_fini(&r->spill);
	free(r);
}

const struct roots *reader_roots(const struct reader *r)
{
	return &r->roots;
}

static uint32_t hash_path(const char *s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

static bool absent(int error)
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
static bool gone(int error)
{
	return absent(error) && error != EINVAL && error != EOPNOTSUPP && error != ENODATA;
}

static enum read_result outcome(const char *path, struct err *err)
{
	if (absent(errno))
		return READ_ABSENT;
	err_errno(err, "%s", path);
	return READ_FAILED;
}

static struct kept *find(struct reader *r, const char *path)
{
	size_t i = hash_path(path) & (TABLE_SIZE - 1);

	while (r->table[i].path && strcmp(r->table[i].path, path) != 0)
		i = (i + 1) & (TABLE_SIZE - 1);
	return &r->table[i];
}

struct path {
	char text[PATH_ROOM];
	bool keep; /* a kernel file: its descriptor always tells the present. Elsewhere files are replaced */
};

/* What a machine does not have it seldom gets: asking each time would cost more than all that is there. */
static void note_absent(struct reader *r, struct kept *k)
{
	k->fd = -1;
	k->absent_until = r->sweep + ABSENT_SWEEPS;
	r->kept++;
	errno = ENOENT;
}

/* An open descriptor for the path; *slot is where it is kept, or NULL when the caller must close it. */
static int acquire(struct reader *r, const struct path *full, int flags, struct kept **slot)
{
	const char *path = full->text;
	struct kept *k = find(r, path);
	int fd;

	*slot = NULL;
	if (k->path && k->fd >= 0) {
		k->last_used = r->sweep;
		*slot = k;
		return k->fd;
	}
	if (k->path && r->sweep < k->absent_until) {
		errno = ENOENT;
		return -1;
	}
	fd = open(path, flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (!full->keep || r->kept >= READER_MAX_KEPT || (fd < 0 && errno != ENOENT))
		return fd;
	if (!k->path)
		k->path = strdup(path);
	if (!k->path)
		return fd;
	if (fd < 0) {
		note_absent(r, k);
		return -1;
	}
	k->fd = fd;
	k->absent_until = 0;
	k->last_used = r->sweep;
	r->kept++;
	*slot = k;
	return fd;
}

static void release(struct reader *r, struct kept *slot)
{
	close(slot->fd);
	slot->fd = -1;
	r->kept--;
}

/* Reads what does not fit into one page; *n bytes stand in `first` already. */
static int read_rest(struct reader *r, int fd, const char *first, size_t n)
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
		int fd = acquire(r, path, 0, &slot);
		int rc, saved;

		if (fd < 0)
			return outcome(path->text, err);
		rc = slurp(r, a, fd, slot ? slot->size : 0, text);
		saved = errno;
		if (!slot)
			close(fd);
		if (!rc && slot)
			slot->size = text->len + 1;
		if (!rc)
			return READ_OK;
		if (slot && (gone(saved) || !absent(saved)))
			release(r, slot);
		errno = saved;
		if (!slot || attempt || !gone(saved))
			return outcome(path->text, err);
	}
}

/* "1234/stat": processes come and go, but for the first. */
static bool of_process(const char *path)
{
	return path[0] >= '1' && path[0] <= '9' && strncmp(path, "1/", 2) != 0;
}

static const char *base_of(const struct reader *r, enum reader_root root)
{
	switch (root) {
	case ROOT_PROC: return r->roots.proc;
	case ROOT_SYS: return r->roots.sys;
	case ROOT_FS: return r->roots.rootfs;
	default: return NULL; /* ROOT_SELF: the path as it is */
	}
}

/* The formatted path below its root; false when it is over-long, which is absent, as the kernel would say. */
static bool full_path(const struct reader *r, enum reader_root root, struct path *out, const char *fmt, va_list ap)
{
	const char *base = base_of(r, root);
	size_t at = base ? strlen(base) : 0;
	int n;

	if (at + 2 > sizeof(out->text))
		return false;
	if (base) {
		memcpy(out->text, base, at);
		out->text[at++] = '/';
	}
	n = vsnprintf(out->text + at, sizeof(out->text) - at, fmt, ap);
	out->keep = (root == ROOT_PROC && !of_process(out->text + at)) || root == ROOT_SYS;
	return n > 0 && n < (int)(sizeof(out->text) - at);
}

static bool expand(const struct reader *r, enum reader_root root, struct path *out, const char *fmt, ...) PRINTF(4, 5);

static bool expand(const struct reader *r, enum reader_root root, struct path *out, const char *fmt, ...)
{
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = full_path(r, root, out, fmt, ap);
	va_end(ap);
	return fits;
}

#define EXPAND_PATH(r, root, fmt, path)                                                                                \
	do {                                                                                                           \
		va_list ap_;                                                                                           \
		bool fits_;                                                                                            \
                                                                                                                       \
		va_start(ap_, fmt);                                                                                    \
		fits_ = full_path(r, root, path, fmt, ap_);                                                            \
		va_end(ap_);                                                                                           \
		if (!fits_)                                                                                            \
			return READ_ABSENT;                                                                            \
	} while (0)

enum read_result reader_read(struct reader *r, struct arena *a, enum reader_root root, const char *path,
                             struct span *text, struct err *err)
{
	struct path full;

	if (!expand(r, root, &full, "%s", path))
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

	if (!expand(r, root, &full, "%s", path))
		return READ_ABSENT;
	k = find(r, full.text);
	if (k->text && k->fd >= 0 && !may_have_changed(r, k, recall)) {
		k->last_used = r->sweep;
		*text = (struct span){k->text, k->text_len};
		return READ_OK;
	}
	rc = read_path(r, a, &full, text, err);
	if (rc == READ_OK)
		remember(r, find(r, full.text), *text);
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

static void add_names(struct arena *a, const char *data, size_t len, struct name_list *out, size_t *room)
{
	for (size_t at = 0; at < len;) {
		const struct dirent64_raw *d = (const void *)(data + at);

		at += d->size;
		if (!strcmp(d->name, ".") || !strcmp(d->name, ".."))
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

static int list_fd(struct arena *a, int fd, struct name_list *out)
{
	_Alignas(8) char data[DIRENTS];
	size_t room = 0;
	long n;

	*out = (struct name_list){0};
	if (lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	while ((n = syscall(SYS_getdents64, fd, data, sizeof(data))) > 0)
		add_names(a, data, (size_t)n, out, &room);
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
		int fd = acquire(r, &path, O_DIRECTORY, &slot);
		int rc, saved;

		if (fd < 0)
			return outcome(path.text, err);
		rc = list_fd(a, fd, out);
		saved = errno;
		if (!slot)
			close(fd);
		if (!rc)
			return READ_OK;
		if (slot)
			release(r, slot);
		errno = saved;
		if (!slot || attempt || !absent(saved))
			return outcome(path.text, err);
	}
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
		return outcome(path.text, err);
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
		return outcome(path.text, err);
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
		return outcome(path.text, err);
	*ns = (int64_t)st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	return READ_OK;
}

static bool alive(const struct reader *r, const struct kept *k)
{
	return k->fd >= 0 ? r->sweep - k->last_used <= IDLE_SWEEPS : r->sweep < k->absent_until;
}

static void forget(struct reader *r, struct kept *k)
{
	if (k->fd >= 0)
		release(r, k);
	else if (k->absent_until)
		r->kept--;
	free(k->path);
	free(k->text);
}

/* Rebuilds the table without what is idle: deleting from open addressing in place would break its chains. */
void reader_sweep(struct reader *r)
{
	struct kept live[READER_MAX_KEPT];
	size_t n = 0, dead = 0;

	r->sweep++;
	for (size_t i = 0; i < TABLE_SIZE; i++)
		dead += r->table[i].path && !alive(r, &r->table[i]);
	if (!dead)
		return;
	for (size_t i = 0; i < TABLE_SIZE; i++) {
		struct kept *k = &r->table[i];

		if (k->path && alive(r, k))
			live[n++] = *k;
		else if (k->path)
			forget(r, k);
		*k = (struct kept){0};
	}
	for (size_t i = 0; i < n; i++)
		*find(r, live[i].path) = live[i];
}
