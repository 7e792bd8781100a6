/* Which descriptors are kept, and for how long. */
#include <errno.h>
#include <fcntl.h>

#include "base/hash.h"
#include "collect/reader_inside.h"

enum {
	ABSENT_SWEEPS = 8,
	IDLE_SWEEPS = 4, /* a descriptor unused for so many collections is closed */
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
	for (size_t i = 0; i < KEPT_TABLE; i++) {
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

struct kept *kept_find(struct reader *r, const char *path)
{
	size_t i = hash_text(path) & (KEPT_TABLE - 1);

	while (r->table[i].path && strcmp(r->table[i].path, path) != 0)
		i = (i + 1) & (KEPT_TABLE - 1);
	return &r->table[i];
}

/* What a machine does not have it seldom gets: asking each time would cost more than all that is there. */
static void note_absent(struct reader *r, struct kept *k)
{
	k->fd = -1;
	k->absent_until = r->sweep + ABSENT_SWEEPS;
	errno = ENOENT;
}

/* Whether the slot is, or has become, the path's. One whose descriptor was closed stays taken until the sweep, so that
 * the table never fills up, whatever a collection meets. */
static bool take_slot(struct reader *r, struct kept *k, const char *path)
{
	int saved = errno;

	if (!k->path && r->taken < READER_MAX_KEPT) {
		k->path = strdup(path);
		r->taken += k->path != NULL;
	}
	errno = saved;
	return k->path != NULL;
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
	if (!full->keep || (fd < 0 && errno != ENOENT) || !take_slot(r, k, path))
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
}

/* Rebuilds the table without what is idle: deleting from open addressing in place would break its chains. */
void reader_sweep(struct reader *r)
{
	struct kept live[READER_MAX_KEPT];
	size_t n = 0, dead = 0;

	r->sweep++;
	for (size_t i = 0; i < KEPT_TABLE; i++)
		dead += r->table[i].path && !alive(r, &r->table[i]);
	if (!dead)
		return;
	for (size_t i = 0; i < KEPT_TABLE; i++) {
		struct kept *k = &r->table[i];

		if (k->path && alive(r, k))
			live[n++] = *k;
		else if (k->path)
			forget(r, k);
		*k = (struct kept){0};
	}
	for (size_t i = 0; i < n; i++)
		*kept_find(r, live[i].path) = live[i];
}
