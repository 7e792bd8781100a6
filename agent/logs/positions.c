#include "logs/positions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "logs/digest.h"

#define HEADER "vedette positions 1\n"

enum { FILE_MAX_BYTES = 16 * 1024 * 1024, REWRITE_BYTES = 1024 * 1024 };

struct positions {
	pthread_mutex_t lock;
	char *path;
	int fd; /* -1: to be written anew */
	size_t bytes, rewritten_bytes;
	uint64_t number;
	int64_t looked;
	struct position *files;
	size_t n_files, room_files;
	struct tie *ties;
	size_t n_ties, room_ties;
	struct cursor cursors[2 * CURSORS_MAX]; /* also of journals that were followed once; the latest is the first */
	size_t n_cursors;
};

static void grow(void *items, size_t item_size, size_t *room)
{
	void **at = items;

	*room = *room ? *room * 2 : 64;
	*at = realloc(*at, *room * item_size);
	if (!*at)
		abort();
}

/* The entry that was there, a new one, or the one that has been left alone for longest. */
static void put_position(struct positions *p, const struct position *new)
{
	size_t oldest = 0;

	for (size_t i = 0; i < p->n_files; i++) {
		if (p->files[i].inode == new->inode && p->files[i].dev == new->dev) {
			p->files[i] = *new;
			return;
		}
		if (p->files[i].seen < p->files[oldest].seen)
			oldest = i;
	}
	if (p->n_files == POSITIONS_MAX) {
		p->files[oldest] = *new;
		return;
	}
	if (p->n_files == p->room_files)
		grow(&p->files, sizeof(*p->files), &p->room_files);
	p->files[p->n_files++] = *new;
}

static void put_tie(struct positions *p, const struct tie *new)
{
	size_t oldest = 0;

	for (size_t i = 0; i < p->n_ties; i++) {
		if (p->ties[i].stream == new->stream) {
			p->ties[i] = *new;
			return;
		}
		if (p->ties[i].given < p->ties[oldest].given)
			oldest = i;
	}
	if (p->n_ties == POSITIONS_MAX) {
		p->ties[oldest] = *new;
		return;
	}
	if (p->n_ties == p->room_ties)
		grow(&p->ties, sizeof(*p->ties), &p->room_ties);
	p->ties[p->n_ties++] = *new;
}

static void put_cursor(struct positions *p, const struct cursor *new)
{
	size_t at = 0;

	while (at < p->n_cursors && p->cursors[at].source != new->source)
		at++;
	if (at == ARRAY_LEN(p->cursors))
		at--;
	else if (at == p->n_cursors)
		p->n_cursors++;
	memmove(p->cursors + 1, p->cursors, at * sizeof(*p->cursors));
	p->cursors[0] = *new;
}

static void write_group(struct buf *out, size_t from, uint64_t number)
{
	uint64_t sum = digest(out->data ? out->data + from : "", out->len - from) ^ number;

	buf_printf(out, "commit %" PRIu64 " %" PRIu64 "\n", number, sum);
}

static void write_position(struct buf *out, const struct position *f)
{
	buf_printf(out, "file %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", f->dev,
	           f->inode, f->print, f->print_len, f->offset, (uint64_t)f->seen);
}

static void write_tie(struct buf *out, const struct tie *t)
{
	buf_printf(out, "time %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %u\n", t->stream, (uint64_t)t->asked,
	           (uint64_t)t->given, (uint64_t)t->top, t->lap);
}

static void write_looked(struct buf *out, int64_t looked)
{
	if (looked > 0)
		buf_printf(out, "looked %" PRIu64 "\n", (uint64_t)looked);
}

static void write_cursor(struct buf *out, const struct cursor *c)
{
	buf_printf(out, "journal %" PRIu64 " %s\n", c->source, c->text);
}

void checkpoint_write(const struct checkpoint *c, struct buf *out)
{
	size_t from = out->len;

	for (size_t i = 0; i < c->n_files; i++)
		write_position(out, &c->files[i]);
	for (size_t i = 0; i < c->n_ties; i++)
		write_tie(out, &c->ties[i]);
	for (size_t i = 0; i < c->n_cursors; i++)
		write_cursor(out, &c->cursors[i]);
	write_looked(out, c->looked);
	write_group(out, from, c->number);
}

/* The numbers behind the first word; how many there are, or -1 where one is none. */
static int read_numbers(struct span line, struct span *word, uint64_t out[6])
{
	struct span field;
	int n = 0;

	if (!scan_field(&line, word))
		return -1;
	while (scan_field(&line, &field))
		if (n == 6 || !num_parse_u64(field.s, field.len, &out[n++]))
			return -1;
	return n;
}

static bool take_cursor(struct positions *p, struct span line)
{
	struct span word, number;
	struct cursor c;

	if (!scan_field(&line, &word) || !scan_field(&line, &number) ||
	    !num_parse_u64(number.s, number.len, &c.source) || !span_copy(span_trim(line), c.text, sizeof(c.text)))
		return false;
	put_cursor(p, &c);
	return true;
}

/* Takes a line in when `p` is given; false for what is none of ours. */
static bool take_line(struct positions *p, struct span line)
{
	struct span word;
	uint64_t v[6];
	int n;

	if (span_starts(line, "journal "))
		return take_cursor(p, line);
	n = read_numbers(line, &word, v);

	if (n == 6 && span_eq(word, "file"))
		put_position(p, &(struct position){v[0], v[1], v[2], v[3], v[4], (int64_t)v[5]});
	else if (n == 5 && span_eq(word, "time"))
		put_tie(p, &(struct tie){v[0], (int64_t)v[1], (int64_t)v[2], (int64_t)v[3], (unsigned)v[4]});
	else if (n == 1 && span_eq(word, "looked"))
		p->looked = (int64_t)v[0];
	else
		return false;
	return true;
}

/* The next group without its commit line. 1, 0 at the end or where the last is torn, -1 where it is damaged. */
static int next_group(struct span *rest, struct span *group, uint64_t *number)
{
	struct span at = *rest, line, word;
	uint64_t v[6];

	while (at.len && memchr(at.s, '\n', at.len) && scan_line(&at, &line)) {
		size_t before = (size_t)(line.s - rest->s);

		if (!span_starts(line, "commit "))
			continue;
		*group = (struct span){rest->s, before};
		*rest = at;
		if (read_numbers(line, &word, v) != 2 || v[1] != (digest(group->s, before) ^ v[0]))
			return -1;
		*number = v[0];
		return 1;
	}
	return 0;
}

/* Whole groups count also behind a damaged one: each tells the newest of its files. */
static bool apply(struct positions *p, struct span groups)
{
	struct span group, line;
	uint64_t number;
	bool good = true;
	int rc;

	while ((rc = next_group(&groups, &group, &number)) != 0) {
		good &= rc > 0;
		while (rc > 0 && scan_line(&group, &line))
			good &= take_line(p, line);
		p->number = rc > 0 ? number : p->number;
	}
	return good;
}

bool positions_apply(struct positions *p, struct span groups)
{
	bool good;

	pthread_mutex_lock(&p->lock);
	good = apply(p, groups);
	pthread_mutex_unlock(&p->lock);
	return good;
}

static int write_all(int fd, const char *data, size_t len, const char *path, struct err *err)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, "%s", path);
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static void write_whole(const struct positions *p, struct buf *out)
{
	size_t from;

	buf_puts(out, HEADER);
	from = out->len;
	for (size_t i = 0; i < p->n_files; i++)
		write_position(out, &p->files[i]);
	for (size_t i = 0; i < p->n_ties; i++)
		write_tie(out, &p->ties[i]);
	for (size_t i = p->n_cursors; i-- > 0;)
		write_cursor(out, &p->cursors[i]);
	write_looked(out, p->looked);
	write_group(out, from, p->number);
}

/* The whole table into a new file, which then takes the old one's name. */
static int rewrite(struct positions *p, struct err *err)
{
	struct buf CLEANUP_BUF text = {0};
	char CLEANUP_FREE *new = NULL;
	int CLEANUP_FD fd = -1;

	if (asprintf(&new, "%s.new", p->path) < 0)
		abort();
	write_whole(p, &text);
	fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, "%s", new);
	if (write_all(fd, text.data, text.len, new, err) < 0)
		return -1;
	if (rename(new, p->path) < 0)
		return err_errno(err, "%s", p->path);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = fd;
	fd = -1;
	p->bytes = p->rewritten_bytes = text.len;
	return 0;
}

static int append(struct positions *p, struct span group, struct err *err)
{
	if (p->fd < 0 || p->bytes > p->rewritten_bytes + REWRITE_BYTES)
		return rewrite(p, err);
	if (write_all(p->fd, group.s, group.len, p->path, err) < 0) {
		/* half a group in the middle would spoil what follows */
		close(p->fd);
		p->fd = -1;
		return -1;
	}
	p->bytes += group.len;
	return 0;
}

int positions_commit(struct positions *p, struct span group, struct err *err)
{
	int rc;

	pthread_mutex_lock(&p->lock);
	rc = apply(p, group) ? append(p, group, err) : err_set(err, "%s: a checkpoint is damaged", p->path);
	pthread_mutex_unlock(&p->lock);
	return rc;
}

static bool load(struct positions *p)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span text = {0};
	struct err err;
	char *data;

	if (access(p->path, F_OK) < 0)
		return true;
	if (file_read(&a, p->path, FILE_MAX_BYTES, &data, &text.len, &err) < 0)
		return false;
	text.s = data;
	if (!span_starts(text, HEADER))
		return false;
	text = (struct span){text.s + strlen(HEADER), text.len - strlen(HEADER)};
	return apply(p, text);
}

struct positions *positions_open(const char *directory, bool *corrupt)
{
	struct positions *p = calloc(1, sizeof(*p));
	char CLEANUP_FREE *aside = NULL;

	if (!p || asprintf(&p->path, "%s/positions", directory) < 0 || asprintf(&aside, "%s.corrupt", p->path) < 0)
		abort();
	pthread_mutex_init(&p->lock, NULL);
	p->fd = -1;
	*corrupt = !load(p);
	if (*corrupt && rename(p->path, aside) < 0)
		unlink(p->path);
	return p;
}

void positions_close(struct positions *p)
{
	if (!p)
		return;
	if (p->fd >= 0)
		close(p->fd);
	pthread_mutex_destroy(&p->lock);
	free(p->files);
	free(p->ties);
	free(p->path);
	free(p);
}

bool positions_find(struct positions *p, uint64_t dev, uint64_t inode, struct position *out)
{
	bool found = false;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n_files && !found; i++)
		if (p->files[i].inode == inode && p->files[i].dev == dev) {
			*out = p->files[i];
			found = true;
		}
	pthread_mutex_unlock(&p->lock);
	return found;
}

bool positions_find_print(struct positions *p, struct span beginning, struct position *out)
{
	uint64_t best = 0, len = 0, print = 0;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n_files; i++) {
		const struct position *f = &p->files[i];

		if (f->print_len <= best || f->print_len > beginning.len)
			continue;
		if (f->print_len != len) {
			len = f->print_len;
			print = digest(beginning.s, len);
		}
		if (f->print == print) {
			*out = *f;
			best = f->print_len;
		}
	}
	pthread_mutex_unlock(&p->lock);
	return best;
}

bool positions_find_cursor(struct positions *p, uint64_t source, struct cursor *out)
{
	bool found = false;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n_cursors && !found; i++)
		if (p->cursors[i].source == source) {
			*out = p->cursors[i];
			found = true;
		}
	pthread_mutex_unlock(&p->lock);
	return found;
}

bool positions_find_tie(struct positions *p, uint64_t stream, struct tie *out)
{
	bool found = false;

	pthread_mutex_lock(&p->lock);
	for (size_t i = 0; i < p->n_ties && !found; i++)
		if (p->ties[i].stream == stream) {
			*out = p->ties[i];
			found = true;
		}
	pthread_mutex_unlock(&p->lock);
	return found;
}

uint64_t positions_number(struct positions *p)
{
	uint64_t number;

	pthread_mutex_lock(&p->lock);
	number = p->number;
	pthread_mutex_unlock(&p->lock);
	return number;
}

int64_t positions_looked(struct positions *p)
{
	int64_t looked;

	pthread_mutex_lock(&p->lock);
	looked = p->looked;
	pthread_mutex_unlock(&p->lock);
	return looked;
}
