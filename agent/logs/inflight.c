#include "logs/inflight.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "logs/digest.h"

#define MAGIC UINT64_C(0x3254464c46444556) /* VEDFLFT2 */

struct header {
	uint64_t magic, number, entries, done, tenant_len, group_len, body_len, digest;
};

struct inflight {
	char *path;
	int fd;
	struct header written; /* the last */
};

struct inflight *inflight_open(const char *directory)
{
	struct inflight *f = calloc(1, sizeof(*f));

	if (!f || asprintf(&f->path, "%s/inflight", directory) < 0)
		abort();
	f->fd = -1;
	return f;
}

void inflight_close(struct inflight *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}

/* Apart from the rest, so that it can change alone. */
static uint64_t sum_done(uint64_t done)
{
	return done * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t sum(const struct header *h, const struct inflight_push *push)
{
	return sum_done(h->done) ^ digest(push->tenant.s, push->tenant.len) ^ digest(push->group.s, push->group.len) ^
	       digest(push->body.s, push->body.len) ^ (h->number * 3) ^ h->entries;
}

static int open_file(struct inflight *f, struct err *err)
{
	if (f->fd >= 0)
		return 0;
	f->fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->fd < 0)
		return err_errno(err, "%s", f->path);
	/* what cannot be reserved may still be written */
	(void)!posix_fallocate(f->fd, 0, INFLIGHT_MAX_BYTES);
	return 0;
}

int inflight_write(struct inflight *f, const struct inflight_push *push, struct err *err)
{
	struct header *h = &f->written;
	struct iovec parts[] = {{h, sizeof(*h)},
	                        {(void *)(uintptr_t)push->tenant.s, push->tenant.len},
	                        {(void *)(uintptr_t)push->group.s, push->group.len},
	                        {(void *)(uintptr_t)push->body.s, push->body.len}};
	size_t total = sizeof(*h) + push->tenant.len + push->group.len + push->body.len;
	ssize_t n;

	if (total > INFLIGHT_MAX_BYTES)
		return err_set(err, "%s: a push of %zu bytes is too large for it", f->path, total);
	if (open_file(f, err) < 0)
		return -1;
	*h = (struct header){
		MAGIC, push->number, push->entries, push->done, push->tenant.len, push->group.len, push->body.len, 0};
	h->digest = sum(h, push);
	n = pwritev(f->fd, parts, ARRAY_LEN(parts), 0);
	if (n >= 0 && (size_t)n < total)
		errno = ENOSPC;
	return n == (ssize_t)total ? 0 : err_errno(err, "%s", f->path);
}

int inflight_note_done(struct inflight *f, uint64_t done, struct err *err)
{
	struct header *h = &f->written;

	h->digest ^= sum_done(h->done) ^ sum_done(done);
	h->done = done;
	if (open_file(f, err) < 0)
		return -1;
	return pwrite(f->fd, h, sizeof(*h), 0) == (ssize_t)sizeof(*h) ? 0 : err_errno(err, "%s", f->path);
}

static bool sane(const struct header *h)
{
	return h->magic == MAGIC && h->tenant_len < INFLIGHT_MAX_BYTES && h->group_len < INFLIGHT_MAX_BYTES &&
	       h->body_len < INFLIGHT_MAX_BYTES &&
	       sizeof(*h) + h->tenant_len + h->group_len + h->body_len <= INFLIGHT_MAX_BYTES;
}

bool inflight_read(struct inflight *f, struct arena *a, struct inflight_push *out)
{
	int CLEANUP_FD fd = open(f->path, O_RDONLY | O_CLOEXEC);
	struct header h;
	size_t len;
	char *data;

	if (fd < 0 || pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || !sane(&h))
		return false;
	len = h.tenant_len + h.group_len + h.body_len;
	data = arena_alloc(a, len);
	if (pread(fd, data, len, sizeof(h)) != (ssize_t)len)
		return false;
	*out = (struct inflight_push){h.number,
	                              h.entries,
	                              h.done,
	                              {data, h.tenant_len},
	                              {data + h.tenant_len, h.group_len},
	                              {data + h.tenant_len + h.group_len, h.body_len}};
	f->written = h;
	return sum(&h, out) == h.digest;
}
