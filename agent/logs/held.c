/* How much of the disk deleted files may hold until they are delivered. */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/log.h"
#include "logs/reader.h"

static uint64_t held_bytes(const struct log_file *f)
{
	struct stat st;

	return !f->present && fstat(f->fd, &st) == 0 && !st.st_nlink ? (uint64_t)st.st_blocks * 512 : 0;
}

static uint64_t may_hold(const struct reader *r, const struct log_file *f)
{
	struct statvfs fs;
	uint64_t most = r->settings->max_held_bytes;

	if (fstatvfs(f->fd, &fs) == 0 && fs.f_bavail * fs.f_frsize / 10 < most)
		most = fs.f_bavail * fs.f_frsize / 10;
	return most;
}

static uint64_t count_lines(const struct reader *r, const struct log_file *f, uint64_t from)
{
	uint64_t lines = 0;
	ssize_t n;

	while ((n = pread(f->fd, r->block, READ_BLOCK, (off_t)from)) > 0) {
		const char *end = r->block + n, *at = r->block;

		while ((at = memchr(at, '\n', (size_t)(end - at)))) {
			lines++;
			at++;
		}
		from += (uint64_t)n;
	}
	return lines;
}

void reader_limit_held(struct reader *r)
{
	uint64_t held = 0;
	size_t i = 0;

	for (size_t k = 0; k < r->n_files; k++)
		held += held_bytes(r->files[k]);
	while (i < r->n_files) {
		struct log_file *f = r->files[i];
		uint64_t bytes = held_bytes(f), from;

		if (!bytes || held <= may_hold(r, f)) {
			i++;
			continue;
		}
		LOG(WARN, "a deleted log file is given up before it has been delivered; it would fill the disk", "path",
		    f->path);
		from = log_file_settled(f);
		log_count(&r->counts->dropped_bytes, f->size - from);
		log_count(&r->counts->dropped[DROP_HELD], count_lines(r, f, from));
		held -= bytes;
		reader_remove(r, i);
	}
	atomic_store(&r->counts->held_bytes, held);
}
