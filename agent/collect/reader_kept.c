/* Which descriptors are kept, and for how long. */
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "base/hash.h"
#include "collect/reader_inside.h"

enum {
	ABSENT_SWEEPS = 8,
	TABLE_FIRST = 256,
};

/* Where few descriptors are allowed, most of them are left to others. */
static size_t most_kept(void)
{
	struct rlimit limit;
	size_t share;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return READER_MAX_KEPT / 4;
	share = (size_t)limit.rlim_cur / 8 * 3;
	return share < READER_MAX_KEPT ? share : READER_MAX_KEPT;
}

static struct kept *new_table(size_t size)
{
	struct kept *table = calloc(size, sizeof(*table));

	if (!table)
		abort();
	return table;
}

struct reader *reader_new(const struct roots *roots)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->roots = *roots;
	r->size = TABLE_FIRST;
	r->table = new_table(TABLE_FIRST);
	r->most = most_kept();
	r->digests = digests_new();
	buf_init(&r->spill, READER_MAX_FILE + 1);
	return r;
}

void reader_free(struct reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->size; i++) {
		if (r->table[i].path && r->table[i].fd >= 0)
			close(r->table[i].fd);
		free(r->table[i].path);
		free(r->table[i].text);
	}
	free(r->table);
	digests_free(r->digests);
	buf_fini(&r->spill);
	free(r);
}

const struct roots *reader_roots(const struct reader *r)
{
	return &r->roots;
}

static struct kept *find(const struct reader *r, const char *path, uint32_t hash)
{
	size_t i = hash & (r->size - 1);

	while (r->table[i].path && (r->table[i].hash != hash || strcmp(r->table[i].path, path) != 0))
		i = (i + 1) & (r->size - 1);
	return &r->table[i];
}

struct kept *kept_find(const struct reader *r, const char *path)
{
	return find(r, path, hash_bytes(path, strlen(path)));
}

/* What a machine does not have it seldom gets: asking each time would cost more than all that is there. */
static void note_absent(struct reader *r, struct kept *k)
{
	k->fd = -1;
	k->absent_until = r->sweep + ABSENT_SWEEPS;
	errno = ENOENT;
}

/* Moves what is in the table into one of another size. */
static void resize(struct reader *r, size_t size)
{
	struct kept *old = r->table;
	size_t old_size = r->size;

	r->table = new_table(size);
	r->size = size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i].path)
			*find(r, old[i].path, old[i].hash) = old[i];
	free(old);
}

/* The slot that is, or has become, the path's; NULL: it gets none. One whose descriptor was closed stays taken until
 * the sweep, so that the table never fills up, whatever a collection meets. */
static struct kept *take_slot(struct reader *r, const char *path)
{
	struct kept *k = kept_find(r, path);
	int saved = errno;

	if (!k->path && r->taken < r->most) {
		if (2 * (r->taken + 1) > r->size) {
			resize(r, 2 * r->size);
			k = kept_find(r, path);
		}
		k->path = strdup(path);
		k->hash = hash_bytes(path, strlen(path));
		r->taken += k->path != NULL;
	}
	errno = saved;
	return k->path ? k : NULL;
}

/* An open descriptor for the path; *slot is where it is kept, or NULL when the caller must close it. */
int kept_acquire(struct reader *r, const struct path *full, int flags, struct kept **slot)
{
	const char *path = full->text;
	struct kept *k = kept_find(r, path);
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
	if (!full->keep || (fd < 0 && errno != ENOENT) || !(k = take_slot(r, path)))
		return fd;
	if (fd < 0) {
		note_absent(r, k);
		return -1;
	}
	k->fd = fd;
	k->absent_until = 0;
	k->last_used = r->sweep;
	*slot = k;
	return fd;
}

void kept_release(struct kept *slot)
{
	close(slot->fd);
	slot->fd = -1;
}

static bool alive(const struct reader *r, const struct kept *k)
{
	return k->fd >= 0 ? r->sweep - k->last_used <= IDLE_SWEEPS : r->sweep < k->absent_until;
}

static void forget(struct reader *r, struct kept *k)
{
	if (k->fd >= 0)
		kept_release(k);
	r->taken--;
	free(k->path);
	free(k->text);
	k->path = NULL;
}

/* Rebuilds the table without what is idle: deleting from open addressing in place would break its chains. */
void reader_sweep(struct reader *r)
{
	size_t dead = 0;

	r->sweep++;
	digests_sweep(r->digests, r->sweep);
	for (size_t i = 0; i < r->size; i++)
		if (r->table[i].path && !alive(r, &r->table[i])) {
			forget(r, &r->table[i]);
			dead++;
		}
	if (dead)
		resize(r, r->size > TABLE_FIRST && 8 * r->taken < r->size ? r->size / 2 : r->size);
}
