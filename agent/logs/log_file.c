#include "logs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "logs/digest.h"
#include "logs/lines.h"

enum { LABEL_VALUE_MAX = 1024 };

static struct span valid_value(struct arena *a, const char *text)
{
	struct span s = span_of(text);

	s.len = s.len < LABEL_VALUE_MAX ? s.len : LABEL_VALUE_MAX;
	return utf8_valid(s.s, s.len) ? span_keep(a, s) : line_repair(a, s);
}

/* "access" for /var/log/caddy/access.log */
static const char *service_name(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = strcspn(name, ".");

	return len ? arena_strndup(a, name, len) : name;
}

static void set_labels(struct log_file *f, const struct string_map *external)
{
	const struct string_map *maps[] = {external, &f->source->labels};
	struct arena *a = &f->arena;

	f->labels = (struct log_pairs){ARENA_ARRAY(a, struct log_pair, LOG_MAX_LABELS), 0, LOG_MAX_LABELS};
	log_pairs_set(&f->labels, SPAN("filename"), valid_value(a, f->path));
	log_pairs_set(&f->labels, SPAN("service_name"), valid_value(a, service_name(a, f->path)));
	for (size_t m = 0; m < ARRAY_LEN(maps); m++)
		for (size_t i = 0; i < maps[m]->n; i++)
			log_pairs_set(&f->labels, span_of(maps[m]->items[i].key),
			              valid_value(a, maps[m]->items[i].value ? maps[m]->items[i].value : ""));
}

size_t log_file_beginning(const struct log_file *f, char out[PRINT_BYTES])
{
	ssize_t n = pread(f->fd, out, PRINT_BYTES, 0);

	return n > 0 ? (size_t)n : 0;
}

struct log_file *log_file_open(const char *path, const char *shown_path, const struct log_source *source,
                               const struct string_map *external_labels, struct err *err)
{
	int CLEANUP_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct log_file *f;
	struct stat st;

	err->text[0] = '\0';
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (fd < 0 || fstat(fd, &st) < 0) {
		(void)err_errno(err, "%s", path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->source = source;
	f->path = strdup(shown_path);
	f->fd = fd;
	fd = -1;
	f->watch = -1;
	f->position = (struct position){.dev = st.st_dev, .inode = st.st_ino};
	f->size = (uint64_t)st.st_size;
	f->present = f->dirty = true;
	f->changed_ns = clock_mono_ns();
	set_labels(f, external_labels);
	return f;
}

void log_file_free(struct log_file *f)
{
	if (!f)
		return;
	pipeline_free(f->pipeline);
	arena_fini(&f->arena);
	close(f->fd);
	free(f->path);
	free(f);
}

bool log_file_look(struct log_file *f)
{
	struct position *p = &f->position;
	char first[PRINT_BYTES];
	struct stat st;
	size_t n;
	bool same;

	if (fstat(f->fd, &st) < 0)
		return true;
	if ((uint64_t)st.st_size != f->size)
		f->changed_ns = clock_mono_ns();
	f->size = (uint64_t)st.st_size;
	n = log_file_beginning(f, first);
	same = f->size >= p->offset && n >= p->print_len && (!p->print_len || digest(first, p->print_len) == p->print);
	if (!same) {
		p->offset = f->recorded = 0;
		f->skipping = false;
		f->touched = true;
	}
	p->print_len = n;
	p->print = digest(first, n);
	return same;
}

uint64_t log_file_settled(const struct log_file *f)
{
	uint64_t held = pipeline_held_from(f->pipeline);

	return held < f->position.offset ? held : f->position.offset;
}
