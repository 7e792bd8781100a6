/* What was made of files that seldom change, for as long as they are the same. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/hash.h"
#include "collect/reader_inside.h"

enum {
	BUCKETS = 256,
	MAX_BYTES = 2 * 1024 * 1024, /* of all digests; what is over that is not remembered */
};

/* Which file it is. Times count in ticks of the kernel: one that was changed just now may be replaced in the same tick
 * by another one of the same size and inode, so it is not remembered yet. */
struct stamp {
	ino_t inode;
	off_t size;
	int64_t modified_ns, changed_ns;
};

struct entry {
	struct entry *next;
	char *path;
	void *data;
	size_t len;
	struct stamp stamp;
	uint32_t last_used;
};

struct digests {
	struct entry *buckets[BUCKETS];
	size_t n, bytes;
};

struct digests *digests_new(void)
{
	struct digests *all = calloc(1, sizeof(*all));

	if (!all)
		abort();
	return all;
}

static void forget(struct digests *all, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	all->n--;
	all->bytes -= e->len;
	free(e->path);
	free(e->data);
	free(e);
}

void digests_free(struct digests *all)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (all->buckets[i])
			forget(all, &all->buckets[i]);
	free(all);
}

void digests_sweep(struct digests *all, uint32_t sweep)
{
	for (size_t i = 0; all->n && i < BUCKETS; i++)
		for (struct entry **at = &all->buckets[i]; *at;)
			if (sweep - (*at)->last_used > IDLE_SWEEPS)
				forget(all, at);
			else
				at = &(*at)->next;
}

static struct entry **find(struct digests *all, const char *path)
{
	struct entry **at = &all->buckets[hash_bytes(path, strlen(path)) % BUCKETS];

	while (*at && strcmp((*at)->path, path) != 0)
		at = &(*at)->next;
	return at;
}

static struct stamp stamp_of(const struct stat *st)
{
	return (struct stamp){st->st_ino, st->st_size, st->st_mtim.tv_sec * NS_PER_S + st->st_mtim.tv_nsec,
	                      st->st_ctim.tv_sec * NS_PER_S + st->st_ctim.tv_nsec};
}

static bool same(const struct stamp *a, const struct stamp *b)
{
	return a->inode == b->inode && a->size == b->size && a->modified_ns == b->modified_ns &&
	       a->changed_ns == b->changed_ns;
}

static void remember(struct reader *r, const char *path, const struct stamp *stamp, struct span digest)
{
	struct entry *e;

	if (r->digests->n == READER_MAX_DIGESTS || digest.len > MAX_BYTES - r->digests->bytes ||
	    clock_real_ns() - stamp->changed_ns < NS_PER_S)
		return;
	e = calloc(1, sizeof(*e));
	if (!e || !(e->path = strdup(path)) || !(e->data = malloc(digest.len + 1)))
		abort();
	memcpy(e->data, digest.s, digest.len);
	e->len = digest.len;
	e->stamp = *stamp;
	e->last_used = r->sweep;
	*find(r->digests, path) = e;
	r->digests->n++;
	r->digests->bytes += digest.len;
}

/* The text stands in the spill only, so that it can be wiped. */
static int open_and_read(struct reader *r, const char *path, struct stamp *stamp)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc, saved;
	struct stat st;

	if (fd < 0)
		return -1;
	rc = fstat(fd, &st) < 0 ? -1 : read_rest(r, fd, "", 0);
	*stamp = rc ? (struct stamp){0} : stamp_of(&st);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

static enum read_result make(struct reader *r, struct arena *a, const char *path, reader_digester digest, void *arg,
                             struct span *out, struct err *err)
{
	enum read_result result = READ_FAILED;
	struct stamp stamp;

	if (open_and_read(r, path, &stamp) < 0)
		result = read_outcome(path, err);
	else if (digest(a, arg, (struct span){r->spill.data, r->spill.len}, out, err) == 0)
		result = READ_OK;
	if (r->spill.data)
		explicit_bzero(r->spill.data, r->spill.len);
	if (result == READ_OK)
		remember(r, path, &stamp, *out);
	return result;
}

enum read_result reader_digest(struct reader *r, struct arena *a, enum reader_root root, const char *path,
                               reader_digester digest, void *arg, struct span *out, struct err *err)
{
	struct entry **known;
	struct stamp now;
	struct path full;
	struct stat st;

	if (!path_expand(r, root, &full, "%s", path))
		return READ_ABSENT;
	if (stat(full.text, &st) < 0)
		return read_outcome(full.text, err);
	now = stamp_of(&st);
	known = find(r->digests, full.text);
	if (*known && same(&(*known)->stamp, &now)) {
		(*known)->last_used = r->sweep;
		*out = (struct span){(*known)->data, (*known)->len};
		return READ_OK;
	}
	if (*known)
		forget(r->digests, known);
	return make(r, a, full.text, digest, arg, out, err);
}
