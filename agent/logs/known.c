#include "logs/known.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "logs/digest.h"
#include "logs/rotated.h"

struct log_file *known_find(const struct reader *r, uint64_t dev, uint64_t inode)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i]->position.inode == inode && r->files[i]->position.dev == dev)
			return r->files[i];
	return NULL;
}

static struct log_file *newest_of(const struct reader *r, const char *path)
{
	for (size_t i = r->n_files; i-- > 0;)
		if (!strcmp(r->files[i]->path, path))
			return r->files[i];
	return NULL;
}

/* A copy that has been read as its original: once that has been cut, nothing else would tell. */
static void note_read(struct reader *r, struct log_file *copy, struct span first)
{
	copy->position.print = digest(first.s, first.len);
	copy->position.print_len = first.len;
	reader_note(r, &copy->position);
}

static bool find_own(const struct reader *r, const struct log_file *f, struct span first, struct position *known)
{
	return positions_find(r->positions, f->position.dev, f->position.inode, known) &&
	       known->print_len <= first.len && (f->zip || known->offset <= f->size) &&
	       digest(first.s, known->print_len) == known->print;
}

/* The place is another file's now; what was there may still come again compressed, and is then known by its beginning.
 */
static void keep_former(struct reader *r, const struct log_file *f)
{
	struct position former, kept;

	if (!positions_find(r->positions, f->position.dev, f->position.inode, &former) || !former.offset ||
	    positions_find(r->positions, 0, former.print, &kept))
		return;
	former.dev = 0; /* no file is there */
	former.inode = former.print;
	reader_note(r, &former);
}

bool known_take_up(struct reader *r, struct log_file *f, bool copies)
{
	char beginning[PRINT_BYTES];
	struct span first = {beginning, log_file_beginning(f, beginning)};
	struct position known;
	bool own = find_own(r, f, first, &known), found = own;

	if (!found && copies)
		found = positions_find_print(r->positions, first, &known) && (f->zip || known.offset <= f->size);
	if (found)
		f->position.offset = known.offset;
	if (own)
		f->recorded = known.offset;
	else
		keep_former(r, f);
	if (found && f->zip)
		f->size = gz_file_size(f->fd, known.offset);
	if (found && !own && f->position.offset >= f->size)
		note_read(r, f, first);
	return found;
}

/* What had the path before. */
static struct log_file *predecessor(const struct reader *r, const char *path)
{
	struct log_file *f = newest_of(r, path);
	struct rotated_file now;

	if (f && rotated_look(path, &now) && now.inode == f->position.inode && now.dev == f->position.dev)
		return NULL;
	return f;
}

void known_adopt(struct reader *r, struct log_file *f, const char *path)
{
	struct pipeline_sink sink = reader_sink(f);

	f->reader = r;
	f->counts = &r->counts->sources[f->source - (const struct log_source *)r->settings->sources.items];
	f->before = path ? predecessor(r, f->path) : NULL;
	f->pipeline = pipeline_new(r->plans[f->source - (const struct log_source *)r->settings->sources.items], &sink);
	f->watch = path ? watch_file(&r->watch, path) : -1;
	(void)log_file_look(f); /* a first look, which finds nothing changed */
	if (r->n_files == r->room_files) {
		r->room_files = r->room_files ? r->room_files * 2 : 64;
		r->files = reallocarray(r->files, r->room_files, sizeof(struct log_file *));
		if (!r->files)
			abort();
	}
	r->files[r->n_files++] = f;
	if (f->recorded == NOT_RECORDED)
		reader_touch(r, f);
}

static bool begins_as(const struct position *p, const char *first, size_t n)
{
	return p->print_len && p->print_len <= n && digest(first, p->print_len) == p->print;
}

/* The copy ends as `f` does at that place; where `f` has been cut meanwhile, its own reader asks for the copy. */
static bool is_copy(struct log_file *f, struct log_file *copy)
{
	char mine[PRINT_BYTES], other[PRINT_BYTES];
	size_t n = copy->size < PRINT_BYTES ? copy->size : PRINT_BYTES;

	if (!begins_as(&f->position, mine, log_file_beginning(f, mine)))
		return true;
	return log_file_read(f, mine, n, copy->size - n) == (ssize_t)n &&
	       log_file_read(copy, other, n, copy->size - n) == (ssize_t)n && memcmp(mine, other, n) == 0;
}

/* As the file is now, which may be more than when it was last looked at. */
static bool is_zipped(struct log_file *f, const struct log_file *copy, const char *first, size_t n)
{
	char mine[PRINT_BYTES];
	struct stat st;

	return n && fstat(f->fd, &st) == 0 && gz_file_size(copy->fd, 0) == (uint32_t)st.st_size &&
	       log_file_beginning(f, mine) == n && memcmp(mine, first, n) == 0;
}

bool known_is_twin(const struct reader *r, struct log_file *copy, const char *path)
{
	char first[PRINT_BYTES];
	size_t n = log_file_beginning(copy, first);
	char CLEANUP_FREE *plain = copy->zip ? strndup(path, strlen(path) - strlen(".gz")) : NULL;

	if (plain && access(plain, F_OK) == 0)
		return true; /* it is still being written */
	for (size_t i = 0; i < r->n_files; i++) {
		struct log_file *f = r->files[i];

		if (f->zip || f->source != copy->source)
			continue;
		if (copy->zip ? is_zipped(f, copy, first, n) : begins_as(&f->position, first, n) && is_copy(f, copy))
			return true;
	}
	return false;
}

void known_open_rotated(struct reader *r, const struct log_source *source, const char *path, const char *real,
                        const char *names)
{
	struct rotated_file found[ROTATED_MAX];
	size_t n = rotated_find(real, found);

	for (size_t i = 0; i < n; i++) {
		struct log_file *f = NULL;
		struct err err;
		bool read;

		if (fnmatch(names, strrchr(found[i].path, '/') + 1, 0) != 0 &&
		    !known_find(r, found[i].dev, found[i].inode) && !reader_has_noted(r, found[i].dev, found[i].inode))
			f = log_file_open(found[i].path, path, source, r->external_labels, &err);
		read = f && (!log_file_wanted(f) || known_is_twin(r, f, found[i].path));
		read = read || (f && !known_take_up(r, f, true) && found[i].changed_ns < r->since_s * NS_PER_S);
		read = read || (f && f->position.offset >= f->size);
		if (read) {
			log_file_free(f);
		} else if (f) {
			f->present = false;
			known_adopt(r, f, found[i].path);
		}
		free(found[i].path);
	}
}

/* The file as it was before it was cut, from where it had been read; NULL where it is not that, or has been read. */
static struct log_file *open_copy(struct reader *r, const struct log_file *f, const struct position *was,
                                  const struct rotated_file *at)
{
	char beginning[PRINT_BYTES];
	struct span first = {beginning, 0};
	struct log_file *copy = NULL;
	struct position known;
	struct err err;

	if (!known_find(r, at->dev, at->inode))
		copy = log_file_open(at->path, f->path, f->source, r->external_labels, &err);
	first.len = copy ? log_file_beginning(copy, beginning) : 0;
	if (!copy || first.len < was->print_len || digest(first.s, was->print_len) != was->print ||
	    find_own(r, copy, first, &known)) {
		log_file_free(copy);
		return NULL;
	}
	copy->position.offset = was->offset;
	copy->present = false;
	if (copy->position.offset >= copy->size) {
		note_read(r, copy, first);
		log_file_free(copy);
		return NULL;
	}
	return copy;
}

void reader_recover_copy(struct reader *r, struct log_file *f, const struct position *was)
{
	struct rotated_file found[ROTATED_MAX];
	struct log_file *copy = NULL, *before = f->before;
	size_t n = was->print_len ? rotated_find(f->path, found) : 0;

	while (n-- > 0) {
		if (!copy && (copy = open_copy(r, f, was, &found[n]))) {
			known_adopt(r, copy, found[n].path);
			copy->before = before;
			f->before = copy;
		}
		free(found[n].path);
	}
}
