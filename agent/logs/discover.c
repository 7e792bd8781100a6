/* Which files there are: those that the patterns match, and rotated ones that have not been read to their end. */
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "logs/journal_log.h"
#include "logs/known.h"
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

static void open_found(struct reader *r, const struct log_source *source, const char *path)
{
	struct log_file *f;
	struct err err;

	f = log_file_open(path, path, source, r->external_labels, &err);
	if (!f && *err.text && r->first)
		LOG(WARN, "a log file cannot be read", "err", err.text);
	if (f && *err.text && (r->first || log_file_wanted(f)))
		LOG(WARN, "it is not known what a container is called", "err", err.text);
	if (!f || !log_file_wanted(f) || (rotated_looks(path) && known_is_twin(r, f, path))) {
		log_file_free(f);
		return;
	}
	if (known_find(r, f->position.dev, f->position.inode)) {
		log_file_free(f); /* rotated this very moment */
		r->look = true;
		return;
	}
	known_take_up(r, f, rotated_looks(path));
	known_adopt(r, f, path);
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
		known_open_rotated(r, source, path, real, "");
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
	known = known_find(r, at.dev, at.inode);
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
				known_open_rotated(r, source, path, path, names);
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
		known_adopt(r, f, NULL);
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
