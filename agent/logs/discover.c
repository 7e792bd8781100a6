/* Which files there are: those that the patterns match, and rotated ones that have not been read to their end. */
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "logs/digest.h"
#include "logs/journal_log.h"
#include "logs/reader.h"
#include "logs/rotated.h"

enum { FILES_MAX = 4000, QUIET_S = 5, LOOKS_S = 20 };

static bool excluded(const struct log_source *s, const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < s->follow.exclude.n; i++)
		if (fnmatch(s->follow.exclude.items[i], path, 0) == 0 ||
		    fnmatch(s->follow.exclude.items[i], slash ? slash + 1 : path, 0) == 0)
			return true;
	return false;
}

static struct log_file *find(const struct reader *r, uint64_t dev, uint64_t inode)
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

/* Where it was left: by its place, or, as a copy of it, by its first bytes. True where it is known. */
static bool take_up(struct reader *r, struct log_file *f, bool copies)
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

static void adopt(struct reader *r, struct log_file *f, const char *path)
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

/* A rotated file whose text is being read already, from the file it is a copy of. */
static bool is_twin(const struct reader *r, struct log_file *copy, const char *path)
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

/* Rotated away where we did not see it: known and unfinished, or younger than our last look. Oldest first. What the
 * pattern of the source matches itself is found under its own name. */
static void open_siblings(struct reader *r, const struct log_source *source, const char *path, const char *real,
                          const char *names)
{
	struct rotated_file found[ROTATED_MAX];
	size_t n = rotated_find(real, found);

	for (size_t i = 0; i < n; i++) {
		struct log_file *f = NULL;
		struct err err;
		bool read;

		if (fnmatch(names, strrchr(found[i].path, '/') + 1, 0) != 0 && !find(r, found[i].dev, found[i].inode) &&
		    !reader_has_noted(r, found[i].dev, found[i].inode))
			f = log_file_open(found[i].path, path, source, r->external_labels, &err);
		read = f && (!log_file_wanted(f) || is_twin(r, f, found[i].path));
		read = read || (f && !take_up(r, f, true) && found[i].changed_ns < r->since_s * NS_PER_S);
		read = read || (f && f->position.offset >= f->size);
		if (read) {
			log_file_free(f);
		} else if (f) {
			f->present = false;
			adopt(r, f, found[i].path);
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

	if (!find(r, at->dev, at->inode))
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
			adopt(r, copy, found[n].path);
			copy->before = before;
			f->before = copy;
		}
		free(found[n].path);
	}
}

static void open_found(struct reader *r, const struct log_source *source, const char *path)
{
	struct log_file *f;
	struct err err;

	f = log_file_open(path, path, source, r->external_labels, &err);
	if (!f && *err.text && r->first)
		LOG(WARN, "a log file cannot be read", "err", err.text);
	if (f && *err.text && (r->first || log_file_wanted(f)))
		LOG(WARN, "it is not known what a container is called", "err", err.text);
	if (!f || !log_file_wanted(f) || (rotated_looks(path) && is_twin(r, f, path))) {
		log_file_free(f);
		return;
	}
	if (find(r, f->position.dev, f->position.inode)) {
		log_file_free(f); /* rotated this very moment */
		r->look = true;
		return;
	}
	take_up(r, f, rotated_looks(path));
	adopt(r, f, path);
}

/* What a symbolic link leads to is rotated where it is. */
static void look_behind_link(struct reader *r, const struct log_source *source, const char *path, bool changed)
{
	struct stat st;
	char CLEANUP_FREE *real = lstat(path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(path, NULL) : NULL;
	char *slash = real ? strrchr(real, '/') : NULL;

	if (!slash)
		return;
	if (changed)
		open_siblings(r, source, path, real, "");
	*slash = '\0';
	watch_directory(&r->watch, slash > real ? real : "/");
}

static void take_path(struct reader *r, const struct log_source *source, const char *path, bool changed)
{
	struct rotated_file at;
	struct log_file *known;

	if (excluded(source, path) || rotated_is_packed(path) || !rotated_look(path, &at))
		return;
	look_behind_link(r, source, path, changed);
	known = find(r, at.dev, at.inode);
	if (known) {
		known->present |= !strcmp(known->path, path); /* another pattern, or a link, may find it, too */
		log_file_rename(known, r->external_labels);
		if (known->watch < 0)
			known->watch = watch_file(&r->watch, path);
	} else if (r->n_files < FILES_MAX) {
		open_found(r, source, path);
	}
}

/* Of /srv/a?/log/[xy].log: /srv, /srv/a? and /srv/a?/log, as each may get what matches. */
static void watch_directories(struct reader *r, const char *pattern)
{
	const char *first = pattern + strcspn(pattern, "*?[");

	for (const char *slash = strchr(pattern + 1, '/'), *next; slash; slash = next) {
		char CLEANUP_FREE *directory = strndup(pattern, (size_t)(slash - pattern));
		glob_t g = {0};

		next = strchr(slash + 1, '/');
		if (next && next < first)
			continue;
		if (directory && glob(directory, GLOB_NOSORT, NULL, &g) == 0)
			for (size_t i = 0; i < g.gl_pathc; i++)
				watch_directory(&r->watch, g.gl_pathv[i]);
		globfree(&g);
	}
}

/* Said once: it may come later, or never. */
static void miss(const struct log_source *source, const char *pattern)
{
	const char *docker = source->docker ? source->docker->directory : NULL;

	if (docker && access(docker, R_OK | X_OK) < 0)
		LOG(WARN, "there is nothing to read yet", "path", docker, "err", strerror(errno), "hint",
		    errno == EACCES ? "let the user that vedette runs as read it"
		                    : "where the agent is itself in a container, mount it there, read-only");
	else
		LOG(INFO, "there is nothing to read yet", "path", pattern);
}

/* Rotated files of whatever the pattern matches, be it there now or not: what was written and rotated away since we
 * have last been here, or between two looks. */
static void take_rotated(struct reader *r, const struct log_source *source, const char *directory, const char *names)
{
	struct dirent **entries;
	char last[NAME_MAX + 1] = "", base[NAME_MAX + 1];
	int n = scandir(directory, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char CLEANUP_FREE *path = NULL;

		if (rotated_base(entries[i]->d_name, base) && strcmp(base, last) != 0 && fnmatch(names, base, 0) == 0) {
			strcpy(last, base);
			if (asprintf(&path, "%s/%s", directory, base) < 0)
				abort();
			if (!excluded(source, path))
				open_siblings(r, source, path, path, names);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void look_behind(struct reader *r, const struct log_source *source, const char *pattern)
{
	const char *slash = strrchr(pattern, '/');
	char CLEANUP_FREE *directory = strndup(pattern, slash > pattern ? (size_t)(slash - pattern) : 1);
	glob_t g = {0};

	if (directory && glob(directory, GLOB_NOSORT, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			take_rotated(r, source, g.gl_pathv[i], slash + 1);
	globfree(&g);
}

static void take_pattern(struct reader *r, const struct log_source *source, const char *pattern, bool changed)
{
	glob_t g = {0};
	int found;

	watch_directories(r, pattern);
	if (changed)
		look_behind(r, source, pattern);
	found = glob(pattern, 0, NULL, &g);
	if (found != 0 && r->first)
		miss(source, pattern);
	for (size_t i = 0; found == 0 && i < g.gl_pathc; i++)
		take_path(r, source, g.gl_pathv[i], changed);
	globfree(&g);
}

/* What is no file: there from the first look on, and looked at in each. */
static void take_stream(struct reader *r, const struct log_source *source)
{
	struct log_file *f = NULL;

	for (size_t i = 0; i < r->n_files && !f; i++)
		if (r->files[i]->source == source)
			f = r->files[i];
	if (!f) {
		f = log_file_new(source, r->positions, r->external_labels);
		adopt(r, f, NULL);
	}
	if (f->journal)
		journal_log_look(f->journal, source);
}

void reader_remove(struct reader *r, size_t i)
{
	struct log_file *f = r->files[i];

	for (size_t k = 0; k < r->n_files; k++)
		if (r->files[k]->before == f)
			r->files[k]->before = NULL;
	watch_forget(&r->watch, f->watch);
	log_file_free(f);
	r->n_files--;
	memmove(&r->files[i], &r->files[i + 1], (r->n_files - i) * sizeof(struct log_file *));
}

static bool is_done(struct reader *r, const struct log_file *f, int64_t now)
{
	return !f->present && f->drained && !f->touched && f->position.offset >= f->size &&
	       now - f->changed_ns > QUIET_S * NS_PER_S && f->recorded >= f->position.offset &&
	       positions_number(r->positions) >= f->batch;
}

static void count_files(struct reader *r)
{
	for (size_t i = 0; i < r->counts->n_sources; i++) {
		uint64_t n = 0;

		for (size_t k = 0; k < r->n_files; k++)
			n += r->files[k]->counts == &r->counts->sources[i];
		atomic_store(&r->counts->sources[i].files, n);
	}
}

void reader_discover(struct reader *r)
{
	const struct log_source *sources = r->settings->sources.items;
	int64_t now = clock_mono_ns(), real_s = clock_real_ns() / NS_PER_S;
	bool changed = r->first ? r->resumed : r->look || r->watch.incomplete;

	if (real_s < r->since_s)
		r->since_s = real_s - LOOKS_S; /* the clock was put back since the last look, a while ago at most */
	r->look = false;
	for (size_t i = 0; i < r->n_files; i++)
		r->files[i]->present = r->files[i]->fd < 0;
	for (size_t i = 0; i < r->settings->sources.n; i++) {
		if (sources[i].journal || sources[i].standard_input)
			take_stream(r, &sources[i]);
		for (size_t k = 0; k < sources[i].follow.paths.n; k++)
			take_pattern(r, &sources[i], sources[i].follow.paths.items[k], changed);
	}
	for (size_t i = r->n_files; i-- > 0;) {
		r->files[i]->dirty = true; /* also what inotify does not tell of */
		reader_look_blocked(r, r->files[i]);
		if (is_done(r, r->files[i], now))
			reader_remove(r, i);
	}
	reader_limit_held(r);
	r->first = false;
	r->looked_ns = now;
	r->looked_real_s = real_s;
	count_files(r);
}
