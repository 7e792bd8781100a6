#include "logs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "logs/digest.h"
#include "logs/journal_log.h"
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

static void set_label(struct log_file *f, const char *name, const char *value)
{
	if (value && *value)
		log_pairs_set(&f->labels, span_of(name), valid_value(&f->arena, value));
}

/* What the source's kind knows, and then what the settings say: that counts. */
static void set_labels(struct log_file *f, const struct string_map *external)
{
	const struct string_map *maps[] = {external, &f->source->labels};
	const struct container_names *c = &f->container;
	struct arena *a = &f->arena;

	f->labels = (struct log_pairs){ARENA_ARRAY(a, struct log_pair, LOG_MAX_LABELS), 0, LOG_MAX_LABELS};
	set_label(f, "filename", f->fd < 0 || f->source->docker ? NULL : f->path);
	set_label(f, "container", c->name);
	set_label(f, "image", c->image);
	set_label(f, "compose_project", c->project);
	set_label(f, "compose_service", c->service);
	set_label(f, "service_name", c->service ? c->service : c->name ? c->name : service_name(a, f->path));
	for (size_t m = 0; m < ARRAY_LEN(maps); m++)
		for (size_t i = 0; i < maps[m]->n; i++)
			set_label(f, maps[m]->items[i].key, maps[m]->items[i].value);
}

static bool matches(const struct string_list *patterns, const struct container_names *c)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->items[i], c->name, 0) == 0 ||
		    (c->service && fnmatch(patterns->items[i], c->service, 0) == 0))
			return true;
	return false;
}

bool log_file_wanted(const struct log_file *f)
{
	const struct log_docker_source *docker = f->source->docker;

	return !docker || ((!docker->include.n || matches(&docker->include, &f->container)) &&
	                   !matches(&docker->exclude, &f->container));
}

void log_file_rename(struct log_file *f, const struct string_map *external_labels)
{
	struct container_names names;
	struct err err;

	if (!f->source->docker || container_names_changed_ns(f->path) == f->named_ns ||
	    !container_names_read(&f->arena, f->path, &names, &f->named_ns, &err))
		return;
	f->container = names;
	set_labels(f, external_labels);
	f->stream = NULL;
}

ssize_t log_file_read(struct log_file *f, char *out, size_t n, uint64_t offset)
{
	ssize_t got;
	bool broken;

	if (f->pipe)
		return pipe_file_read(f->pipe, out, n, offset);
	if (!f->zip)
		return pread(f->fd, out, n, (off_t)offset);
	got = gz_file_read(f->zip, out, n, offset, &broken);
	if (got > 0)
		return got;
	if (broken && offset < f->size)
		LOG(WARN, "a compressed log file is damaged; what is left of it cannot be read", "path", f->path);
	f->size = offset; /* what gzip wrote about it was another size, or is not there yet */
	return 0;
}

size_t log_file_beginning(struct log_file *f, char out[PRINT_BYTES])
{
	bool broken;
	ssize_t n = f->zip ? gz_file_read(f->zip, out, PRINT_BYTES, 0, &broken) : pread(f->fd, out, PRINT_BYTES, 0);

	return n > 0 ? (size_t)n : 0;
}

struct log_file *log_file_new(const struct log_source *source, struct positions *positions,
                              const struct string_map *external_labels)
{
	struct log_file *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->source = source;
	f->path = strdup(source->journal ? "journal" : "stdin");
	f->fd = f->watch = -1;
	f->present = f->dirty = true;
	f->changed_ns = clock_mono_ns();
	if (source->journal)
		f->journal = journal_log_new(source, positions);
	else
		f->pipe = pipe_file_standard_input();
	if (f->pipe)
		f->position.offset = f->recorded = f->size = f->pipe->offset;
	set_labels(f, external_labels);
	return f;
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
	f->size = f->packed = (uint64_t)st.st_size;
	f->zip = gz_file_is(f->fd) ? gz_file_open(f->fd) : NULL;
	if (f->zip)
		f->size = gz_file_size(f->fd, 0);
	f->recorded = NOT_RECORDED;
	f->present = f->dirty = true;
	f->changed_ns = clock_mono_ns();
	if (source->docker)
		(void)!container_names_read(&f->arena, shown_path, &f->container, &f->named_ns, err);
	set_labels(f, external_labels);
	return f;
}

void log_file_free(struct log_file *f)
{
	if (!f)
		return;
	pipeline_free(f->pipeline);
	arena_fini(&f->arena);
	gz_file_close(f->zip);
	journal_log_free(f->journal);
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	free(f);
}

/* A compressed one is never cut; while it is being written it grows. */
static void look_at_packed(struct log_file *f, uint64_t packed)
{
	char first[PRINT_BYTES];
	struct position *p = &f->position;

	if (packed != f->packed) {
		f->changed_ns = clock_mono_ns();
		f->size = gz_file_size(f->fd, p->offset);
	}
	if (packed != f->packed || !p->print_len) {
		p->print_len = log_file_beginning(f, first);
		p->print = digest(first, p->print_len);
	}
	f->packed = packed;
}

bool log_file_look(struct log_file *f)
{
	struct position *p = &f->position;
	char first[PRINT_BYTES];
	struct stat st;
	size_t n;
	bool same;

	if (f->fd < 0 || fstat(f->fd, &st) < 0)
		return true;
	if (f->zip) {
		look_at_packed(f, (uint64_t)st.st_size);
		return true;
	}
	if ((uint64_t)st.st_size != f->size)
		f->changed_ns = clock_mono_ns();
	f->size = (uint64_t)st.st_size;
	n = log_file_beginning(f, first);
	same = f->size >= p->offset && n >= p->print_len && (!p->print_len || digest(first, p->print_len) == p->print);
	if (!same) {
		p->offset = 0;
		f->recorded = NOT_RECORDED;
		f->skipping = false;
		f->touched = true;
	}
	p->print_len = n;
	p->print = digest(first, n);
	return same;
}

uint64_t log_file_settled(const struct log_file *f)
{
	uint64_t held = pipeline_held_from(f->pipeline), offset = f->position.offset;
	uint64_t settled = held < offset ? held : offset;

	return f->journal ? journal_log_known(f->journal, settled, f->recorded, offset) : settled;
}
