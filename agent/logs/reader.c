#include "logs/reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "logs/journal_log.h"
#include "logs/reading.h"

#define LOOK_EVERY_NS (10 * NS_PER_S)
#define LOOK_OFTEN_NS (1 * NS_PER_S)   /* where inotify does not help */
#define LOOK_AGAIN_NS (20 * NS_PER_MS) /* the least between two looks */
#define UNFINISHED_NS (3 * NS_PER_S)

/* A batch that neither the sender nor the queue has. */
static struct batch *free_batch(const struct reader *r)
{
	for (int i = 0; i < BATCHES; i++)
		if (r->batches[i] != r->open && r->batches[i] != r->waiting && r->batches[i] != r->sent)
			return r->batches[i];
	return NULL;
}

static void offer_waiting(struct reader *r)
{
	if (r->sent && sender_idle(r->sender))
		r->sent = NULL;
	if (r->waiting && sender_offer(r->sender, r->waiting)) {
		r->sent = r->waiting;
		r->waiting = NULL;
	}
}

bool reader_blocked(struct reader *r)
{
	if (r->waiting)
		offer_waiting(r);
	return r->waiting != NULL;
}

void reader_touch(struct reader *r, struct log_file *f)
{
	r->touched += !f->touched;
	f->touched = true;
}

/* Takes it along in the open batch. False when that has no room. */
static bool note(struct reader *r, struct log_file *f, struct position *p)
{
	p->seen = clock_real_ns() / NS_PER_S;
	if (f->journal)
		return journal_log_record(f->journal, p->offset, r->open);
	if (f->pipe)
		pipe_file_mark(f->pipe, r->number, p->offset);
	return f->pipe || batch_add_position(r->open, p);
}

static void record(struct reader *r, struct log_file *f)
{
	struct position p = f->position;

	p.offset = log_file_settled(f);
	if (p.offset == f->recorded) {
		f->touched = p.offset < f->position.offset;
		return;
	}
	if (!note(r, f, &p))
		return;
	f->recorded = p.offset;
	f->batch = r->number;
	f->touched = p.offset < f->position.offset; /* what the stages hold comes with a later one */
}

void reader_note(struct reader *r, const struct position *p)
{
	uint64_t done = positions_number(r->positions);
	size_t n = 0;

	for (size_t i = 0; i < r->n_noted; i++)
		if (!r->noted[i].batch || r->noted[i].batch > done)
			r->noted[n++] = r->noted[i];
	r->n_noted = n;
	if (n == NOTED_MAX)
		return; /* it is found again, the same way */
	r->noted[r->n_noted] = (struct noted){*p, 0};
	r->noted[r->n_noted++].position.seen = clock_real_ns() / NS_PER_S;
}

bool reader_has_noted(const struct reader *r, uint64_t dev, uint64_t inode)
{
	uint64_t done = positions_number(r->positions);

	for (size_t i = 0; i < r->n_noted; i++) {
		const struct noted *n = &r->noted[i];

		if (n->position.inode == inode && n->position.dev == dev && (!n->batch || n->batch > done))
			return true;
	}
	return false;
}

static bool anything_noted(const struct reader *r)
{
	for (size_t i = 0; i < r->n_noted; i++)
		if (!r->noted[i].batch)
			return true;
	return false;
}

static void record_noted(struct reader *r)
{
	for (size_t i = 0; i < r->n_noted; i++)
		if (!r->noted[i].batch && batch_add_position(r->open, &r->noted[i].position))
			r->noted[i].batch = r->number;
}

/* Only when each file that was found has its position: what is unknown at the next start is then newer than that. */
static void record_look(struct reader *r)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i]->recorded == NOT_RECORDED)
			return;
	r->open->looked = r->looked_real_s;
}

static void open_batch(struct reader *r)
{
	if (streams_full(r->streams)) {
		for (size_t i = 0; i < r->n_files; i++)
			r->files[i]->stream = NULL;
		streams_clear(r->streams);
	}
	r->open = free_batch(r);
	batch_reset(r->open, ++r->number);
}

bool reader_seal(struct reader *r)
{
	if (reader_blocked(r))
		return false;
	r->touched = 0;
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i]->touched) {
			record(r, r->files[i]);
			r->touched += r->files[i]->touched;
		}
	record_noted(r);
	record_look(r);
	batch_seal(r->open);
	r->waiting = r->open;
	r->open = NULL;
	offer_waiting(r);
	open_batch(r);
	return true;
}

static struct stream *stream_of(struct reader *r, struct log_file *f, const struct log_pairs *labels)
{
	if (labels->n != f->labels.n || memcmp(labels->items, f->labels.items, labels->n * sizeof(*labels->items)) != 0)
		return streams_get(r->streams, labels);
	if (!f->stream)
		f->stream = streams_get(r->streams, labels);
	return f->stream;
}

/* Only where a stage gives out several entries of different tenants at once: there is no other batch then. */
static void wait_for_sender(struct reader *r)
{
	while (reader_blocked(r) && !atomic_load(&r->stop)) {
		struct pollfd wake = {r->wake_fd, POLLIN, 0};
		uint64_t n;

		if (poll(&wake, 1, 1000) > 0)
			(void)!read(r->wake_fd, &n, sizeof(n));
	}
}

/* The entry is not in the batch: the checkpoint of its file ends before it. False: told to stop. */
static bool seal_before(struct reader *r, struct log_file *f, const struct log_entry *e)
{
	uint64_t read = f->position.offset;
	bool sealed;

	wait_for_sender(r);
	f->position.offset = e->begin < read ? e->begin : read;
	sealed = reader_seal(r);
	f->position.offset = read;
	reader_touch(r, f);
	return sealed;
}

static void take_entry(void *arg, const struct log_entry *e)
{
	struct log_file *f = arg;
	struct reader *r = f->reader;
	struct stream *s;

	reader_touch(r, f);
	if (e->dropped)
		return;
	if (streams_full(r->streams) && !seal_before(r, f, e))
		return;
	s = stream_of(r, f, &e->labels);
	if (!batch_fits(r->open, e, s)) {
		if (!seal_before(r, f, e))
			return;
		s = stream_of(r, f, &e->labels);
	}
	batch_add(r->open, e, s);
}

struct pipeline_sink reader_sink(struct log_file *f)
{
	return (struct pipeline_sink){.entry = take_entry, .arg = f};
}

/* The last line, when nothing more comes: it has no newline. */
static void push_unfinished(struct reader *r, struct log_file *f)
{
	struct reading g;
	ssize_t n = log_file_read(f, r->block, READ_BLOCK, f->position.offset);

	if (n <= 0 || reader_blocked(r) || memchr(r->block, '\n', (size_t)n)) {
		f->dirty = n > 0;
		return;
	}
	reading_begin(&g, r, f);
	if (!f->skipping)
		reading_line(&g, (struct span){r->block, (size_t)n}, f->position.offset + (uint64_t)n);
}

/* A copy of what was cut may hold what we have not read: the next look finds it by its first bytes. */
static void begin_anew(struct reader *r, struct log_file *f, const struct position *was)
{
	log_count(&r->counts->files_truncated, 1);
	LOG(INFO, "a log file was truncated", "path", f->path);
	pipeline_flush(f->pipeline, clock_mono_ns(), true);
	reader_recover_copy(r, f, was);
}

void reader_look_blocked(struct reader *r, struct log_file *f)
{
	struct position was = f->position;

	/* what stages hold has to go out first, which it cannot */
	if (reader_blocked(r) && pipeline_held_from(f->pipeline) == UINT64_MAX && !log_file_look(f))
		begin_anew(r, f, &was);
}

static void fill(struct reader *r, struct log_file *f)
{
	uint64_t size = pipe_file_fill(f->pipe, positions_number(r->positions));

	if (size != f->size)
		f->changed_ns = clock_mono_ns();
	f->size = size;
}

/* One block. What is left makes the file dirty again. */
static void read_file(struct reader *r, struct log_file *f)
{
	struct position was = f->position;
	struct reading g;
	uint64_t before;
	ssize_t n;

	f->dirty = false;
	if (f->journal) {
		f->dirty = journal_log_read(f->journal, r, f);
		return;
	}
	if (f->pipe)
		fill(r, f);
	if (!log_file_look(f))
		begin_anew(r, f, &was);
	if (f->before && !f->before->drained) {
		f->dirty = true;
		return;
	}
	n = f->position.offset < f->size ? log_file_read(f, r->block, READ_BLOCK, f->position.offset) : 0;
	if (n > 0) {
		reading_begin(&g, r, f);
		before = f->position.offset;
		reading_block(&g, (struct span){r->block, (size_t)n});
		log_count(&f->counts->read_bytes, f->position.offset - before);
		f->dirty = f->position.offset > before && f->position.offset < f->size;
	}
	if (!f->present && !f->dirty && !reader_blocked(r))
		f->drained = true;
	else if (reader_blocked(r))
		f->dirty = true;
}

static bool is_unfinished(const struct log_file *f, int64_t now)
{
	return f->position.offset < f->size && !f->dirty && now - f->changed_ns > UNFINISHED_NS;
}

/* True when a file wants to be read on at once. */
static bool read_files(struct reader *r)
{
	int64_t now = clock_mono_ns();
	bool more = false;

	for (size_t i = 0; i < r->counts->n_sources; i++)
		r->counts->sources[i].lag = 0;
	for (size_t i = 0; i < r->n_files; i++) {
		struct log_file *f = r->files[i];

		if (r->touched + 1 >= CHECKPOINT_MAX)
			reader_seal(r);
		if (f->dirty && !reader_blocked(r) && r->touched + 1 < CHECKPOINT_MAX)
			read_file(r, f);
		if (is_unfinished(f, now) && !reader_blocked(r))
			push_unfinished(r, f);
		if (pipeline_due_ns(f->pipeline) <= now && !reader_blocked(r))
			pipeline_flush(f->pipeline, now, false);
		f->counts->lag += f->size > f->position.offset ? f->size - f->position.offset : 0;
		more |= f->dirty && !(f->before && !f->before->drained && !f->before->dirty);
	}
	for (size_t i = 0; i < r->counts->n_sources; i++)
		atomic_store(&r->counts->sources[i].lag_bytes, r->counts->sources[i].lag);
	return more;
}

static bool anything_settled(const struct reader *r)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i]->touched && log_file_settled(r->files[i]) != r->files[i]->recorded)
			return true;
	return false;
}

/* When the open batch has to go, monotonic. */
static int64_t seal_due(const struct reader *r)
{
	if (r->open->n)
		return r->open->started_ns + r->settings->loki.batch.max_age;
	return anything_noted(r) || (r->touched && anything_settled(r)) ? 0 : INT64_MAX;
}

/* While nothing may be read, what is rotated away has to be seen the sooner. */
static int64_t look_due(const struct reader *r)
{
	int64_t every = r->watch.incomplete || r->waiting ? LOOK_OFTEN_NS : LOOK_EVERY_NS;

	return r->first ? 0 : r->looked_ns + (r->look ? LOOK_AGAIN_NS : every);
}

static int64_t next_due(const struct reader *r, int64_t now)
{
	int64_t due = look_due(r), seal = seal_due(r);

	due = seal < due ? seal : due;
	for (size_t i = 0; i < r->n_files; i++) {
		const struct log_file *f = r->files[i];
		int64_t held = pipeline_due_ns(f->pipeline);

		due = held < due ? held : due;
		if (f->position.offset < f->size && !f->dirty && f->changed_ns + UNFINISHED_NS < due)
			due = f->changed_ns + UNFINISHED_NS + NS_PER_MS;
	}
	return due > now ? due : now;
}

static void mark_changed(void *arg, int number)
{
	struct reader *r = arg;

	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i]->watch == number)
			r->files[i]->dirty = true;
}

/* What is no file tells by itself that there is more. */
static nfds_t add_streams(const struct reader *r, bool blocked, struct pollfd fds[1 + CURSORS_MAX])
{
	nfds_t n = 0;

	for (size_t i = 0; i < r->n_files && n <= CURSORS_MAX; i++) {
		const struct log_file *f = r->files[i];
		int fd = -1;

		if (f->journal && f->journal->journal)
			fd = journal_fd(f->journal->journal);
		else if (f->pipe && !blocked && !f->dirty && pipe_file_open(f->pipe))
			fd = f->pipe->fd;
		if (fd >= 0)
			fds[n++] = (struct pollfd){fd, POLLIN, 0};
	}
	return n;
}

/* A push that is delivered makes room for more of standard input. */
static void mark_ready(struct reader *r, bool delivered, const struct pollfd *fds, nfds_t n)
{
	for (size_t i = 0; i < r->n_files; i++) {
		struct log_file *f = r->files[i];

		f->dirty |= f->pipe && delivered;
		for (nfds_t k = 0; k < n; k++) {
			if (!fds[k].revents)
				continue;
			if (f->pipe && f->pipe->fd == fds[k].fd)
				f->dirty = true;
			if (f->journal && f->journal->journal && journal_fd(f->journal->journal) == fds[k].fd)
				f->dirty |= journal_changed(f->journal->journal);
		}
	}
}

/* Waits for a change, a free batch, or the time to do something. While Loki takes nothing only the looks count. */
static void wait_for_work(struct reader *r, bool more)
{
	struct pollfd fds[3 + CURSORS_MAX] = {{r->wake_fd, POLLIN, 0}, {r->watch.fd, POLLIN, 0}};
	int64_t now = clock_mono_ns(), due = next_due(r, now);
	bool blocked = reader_blocked(r);
	nfds_t n_fds = 2 + add_streams(r, blocked, fds + 2);
	uint64_t n;

	if (blocked)
		due = look_due(r);
	if ((more && !blocked) || due <= now)
		due = now;
	if (poll(fds, n_fds, (int)((due - now + NS_PER_MS - 1) / NS_PER_MS)) > 0 && fds[0].revents)
		(void)!read(r->wake_fd, &n, sizeof(n));
	r->look |= watch_read(&r->watch, mark_changed, r);
	mark_ready(r, fds[0].revents, fds + 2, n_fds - 2);
}

static void prepare(struct reader *r)
{
	r->block = malloc(READ_BLOCK);
	if (!r->block)
		abort();
	watch_init(&r->watch);
	r->streams = streams_new(r->positions);
	for (int i = 0; i < BATCHES; i++)
		r->batches[i] = batch_new(r->settings->loki.batch.max_bytes);
	r->first = true;
	r->number = positions_number(r->positions);
	open_batch(r);
}

static void clean_up(struct reader *r)
{
	for (size_t i = 0; i < r->n_files; i++)
		log_file_free(r->files[i]);
	free(r->files);
	streams_free(r->streams);
	watch_fini(&r->watch);
	arena_fini(&r->line);
	free(r->block);
}

void *reader_run(void *arg)
{
	struct reader *r = arg;

	prepare(r);
	while (!atomic_load(&r->stop)) {
		bool more;

		if (look_due(r) <= clock_mono_ns())
			reader_discover(r);
		more = read_files(r);
		if (seal_due(r) <= clock_mono_ns())
			reader_seal(r);
		wait_for_work(r, more);
	}
	clean_up(r);
	return NULL;
}
