/* How far Promtail has come, as positions of ours: a file is known by its device, inode and first bytes. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "convert/writer.h"
#include "logs/digest.h"
#include "logs/log_file.h"
#include "logs/positions.h"

static bool take_file(struct writer *w, const struct node *key, uint64_t offset, struct position *out)
{
	const char *path = key->text.s;
	int CLEANUP_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char first[PRINT_BYTES];
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		note(w, key, NO_EQUAL, "%s: %s; where it is found later, it is read from its beginning",
		     shown(w, key->text), fd < 0 ? strerror(errno) : "no file");
		return false;
	}
	if ((uint64_t)st.st_size < offset) {
		note(w, key, NO_EQUAL,
		     "%s: is shorter than Promtail has read (%" PRIu64
		     " bytes), so it is another one; it is read from its "
		     "beginning",
		     shown(w, key->text), offset);
		return false;
	}
	n = pread(fd, first, sizeof(first), 0);
	if (n < 0) {
		note(w, key, NO_EQUAL, "%s: %s; it is read from its beginning", shown(w, key->text), strerror(errno));
		return false;
	}
	if (gz_file_is(fd)) {
		note(w, key, NO_EQUAL,
		     "%s: is compressed, where Promtail counts otherwise; it is read from its beginning",
		     shown(w, key->text));
		return false;
	}
	*out = (struct position){st.st_dev,   st.st_ino, digest(first, (size_t)n),
	                         (uint64_t)n, offset,    clock_real_ns() / NS_PER_S};
	return true;
}

struct taken {
	struct position *files;
	struct cursor cursors[CURSORS_MAX];
	size_t n_files, n_cursors;
};

/* "cursor-JOB: s=…;i=…" of a journal that was converted. */
static bool take_cursor(struct writer *w, const char *key, const char *value, struct taken *to)
{
	static const char *const prefixes[] = {"cursor-", "journal-", NULL};
	size_t len = strlen(value);

	if (strncmp(value, "s=", 2) != 0 || len >= CURSOR_MAX || strspn(value, "0123456789abcdefsimxt=;") != len ||
	    to->n_cursors == CURSORS_MAX)
		return false;
	for (size_t i = 0; i < w->to->n_journals; i++)
		for (const char *const *p = prefixes; *p; p++)
			if (!strncmp(key, *p, strlen(*p)) && !strcmp(key + strlen(*p), w->to->journals[i].job)) {
				struct cursor *c = &to->cursors[to->n_cursors++];

				c->source = w->to->journals[i].key;
				memcpy(c->text, value, len + 1);
				return true;
			}
	return false;
}

static void take_position(struct writer *w, const struct node *key, struct taken *to)
{
	const char *value = key->value && key->value->kind == NODE_SCALAR ? key->value->text.s : "";
	uint64_t offset;

	if (memchr(key->text.s, '\0', key->text.len) || *key->text.s != '/') {
		if (!take_cursor(w, key->text.s, value, to))
			note(w, key, NO_EQUAL,
			     "%s: is no file, and no journal of this configuration; journals are read from max_age "
			     "ago, "
			     "containers from the beginning of their files",
			     shown(w, key->text));
	} else if (!num_parse_u64(value, strlen(value), &offset)) {
		note(w, key, NO_EQUAL, "%s: has no number of bytes; the file is read from its beginning",
		     shown(w, key->text));
	} else if (to->n_files < POSITIONS_MAX) {
		to->n_files += take_file(w, key, offset, &to->files[to->n_files]);
	} else {
		note(w, key, NO_EQUAL, "%s: more than %d files; it is read from its beginning", shown(w, key->text),
		     POSITIONS_MAX);
	}
}

static int commit(struct positions *p, struct taken *t, struct err *err)
{
	size_t done = 0;

	do {
		size_t some = t->n_files - done < CHECKPOINT_MAX ? t->n_files - done : CHECKPOINT_MAX;
		struct checkpoint c = {.number = positions_number(p) + 1, .files = t->files + done, .n_files = some};
		struct buf CLEANUP_BUF group = {0};

		if (!done) {
			c.cursors = t->cursors;
			c.n_cursors = t->n_cursors;
		}
		checkpoint_write(&c, &group);
		if (positions_commit(p, (struct span){group.data, group.len}, err) < 0)
			return -1;
		done += some;
	} while (done < t->n_files);
	return 0;
}

/* Nobody else may have the directory meanwhile, and what is there is not thrown away unasked. */
static int claim(const char *directory, bool overwrite, int *fd, struct err *err)
{
	struct stat st;

	if (mkdir(directory, 0750) < 0 && errno != EEXIST)
		return err_errno(err, "%s cannot be made", directory);
	*fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return err_errno(err, "%s", directory);
	if (flock(*fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, "%s is in use by an agent; stop it, convert, and start it again", directory);
	if (fstatat(*fd, "positions", &st, 0) == 0 && st.st_size > 0 && !overwrite)
		return err_set(err, "%s has positions already; write --overwrite to replace them", directory);
	if (overwrite && unlinkat(*fd, "positions", 0) < 0 && errno != ENOENT)
		return err_errno(err, "%s/positions cannot be replaced", directory);
	return 0;
}

static int store(const char *directory, bool overwrite, struct taken *taken, struct err *err)
{
	int CLEANUP_FD fd = -1;
	struct positions *p;
	bool corrupt;
	int rc;

	if (claim(directory, overwrite, &fd, err) < 0)
		return -1;
	p = positions_open(directory, &corrupt);
	rc = commit(p, taken, err);
	positions_close(p);
	return rc;
}

static const struct node *load(struct arena *a, const char *file, struct err *err)
{
	struct faults CLEANUP(faults_fini) faults;
	const struct node *found;
	struct node *root;
	size_t len;
	char *text;

	faults_init(&faults);
	if (file_read(a, file, CONFIG_MAX_BYTES, &text, &len, err) < 0)
		return NULL;
	if (yaml_load(a, file, text, len, &root, &faults) < 0 || faults.n) {
		(void)err_set(err, "%.*s", (int)strcspn(faults.text.data, "\n"), faults.text.data);
		return NULL;
	}
	found = root && root->kind == NODE_MAP ? value_of(root, "positions") : NULL;
	if (!found || found->kind != NODE_MAP)
		(void)err_set(err, "%s: has no section positions; give the file that positions.filename names", file);
	return found && found->kind == NODE_MAP ? found : NULL;
}

int convert_positions(const char *file, const char *directory, bool overwrite, struct conversion *out, struct err *err)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct writer w = {.a = &a, .file = file, .to = out, .out = &out->out};
	const struct node *map = load(&a, file, err);
	struct taken taken = {0};
	int rc;

	if (!map)
		return -1;
	taken.files = ARENA_ARRAY(&a, struct position, map->n);
	for (const struct node *key = map->first; key; key = key->next)
		take_position(&w, key, &taken);
	rc = store(directory, overwrite, &taken, err);
	if (rc == 0)
		write_comments(&w, 0);
	buf_fini(&w.comments);
	return rc;
}
