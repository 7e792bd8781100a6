#include "logs/inflight.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "logs/digest.h"

#define MAGIC UINT64_C(0x3154464c46444556) /* VEDFLFT1 */

struct header {
	uint64_t magic, number, entries, tenant_len, group_len, body_len, digest;
};

struct inflight {
	char *path;
	int fd;
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

static uint64_t sum(const struct header *h, const struct inflight_push *push)
{
	return digest(push->tenant.s, push->tenant.len) ^ digest(push->group.s, push->group.len) ^
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
	struct header h = {MAGIC, push->number, push->entries, push->tenant.len, push->group.len, push->body.len, 0};
	struct iovec parts[] = {{&h, sizeof(h)},
	                        {(void *)(uintptr_t)push->tenant.s, push->tenant.len},
	                        {(void *)(uintptr_t)push->group.s, push->group.len},
	                        {(void *)(uintptr_t)push->body.s, push->body.len}};
	size_t total = sizeof(h) + push->tenant.len + push->group.len + push->body.len;
	ssize_t n;

	if (total > INFLIGHT_MAX_BYTES)
		return err_set(err, "%s: a push of %zu bytes is too large for it", f->path, total);
	if (open_file(f, err) < 0)
		return -1;
	h.digest = sum(&h, push);
	n = pwritev(f->fd, parts, ARRAY_LEN(parts), 0);
	if (n >= 0 && (size_t)n < total)
		errno = ENOSPC;
	return n == (ssize_t)total ? 0 : err_errno(err, "%s", f->path);
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
	                              {data, h.tenant_len},
	                              {data + h.tenant_len, h.group_len},
	                              {data + h.tenant_len + h.group_len, h.body_len}};
	return sum(&h, out) == h.digest;
}
