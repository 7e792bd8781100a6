#include "logs/reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "logs/lines.h"

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

static void record(struct reader *r, struct log_file *f)
{
	struct position p = f->position;

	p.offset = log_file_settled(f);
	if (p.offset == f->recorded) {
		f->touched = p.offset < f->position.offset;
		return;
	}
	p.seen = clock_real_ns() / NS_PER_S;
	if (!batch_add_position(r->open, &p))
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

struct reading {
	struct reader *r;
	struct log_file *f;
	struct log_entry entry;
	bool ascii;
	int64_t now_ns;
};

static void begin_reading(struct reading *g, struct reader *r, struct log_file *f)
{
	struct log_pair *pairs = r->pairs;

	*g = (struct reading){.r = r, .f = f, .now_ns = clock_mono_ns()};
	g->entry.arena = &r->line;
	g->entry.labels = (struct log_pairs){pairs, 0, LOG_MAX_LABELS};
	g->entry.metadata = (struct log_pairs){pairs + LOG_MAX_LABELS, 0, LOG_MAX_METADATA};
	g->entry.extracted = (struct log_pairs){pairs + LOG_MAX_LABELS + LOG_MAX_METADATA, 0, LOG_MAX_EXTRACTED};
	f->read_ns = clock_real_ns();
}

/* One line, from which `end` is the first byte behind it. */
static void push_line(struct reading *g, struct span line, uint64_t end)
{
	struct log_entry *e = &g->entry;
	struct log_file *f = g->f;

	log_count(&g->r->counts->read_lines, 1);
	e->line = line_trim(line);
	if (e->line.len > f->source->follow.max_line_bytes) {
		e->line = line_cut(e->arena, e->line, f->source->follow.max_line_bytes);
		log_count(&g->r->counts->truncated_lines, 1);
	}
	if (!g->ascii && !utf8_valid(e->line.s, e->line.len)) {
		e->line = line_repair(e->arena, e->line);
		log_count(&g->r->counts->repaired_lines, 1);
	}
	memcpy(e->labels.items, f->labels.items, f->labels.n * sizeof(*f->labels.items));
	e->labels.n = f->labels.n;
	e->metadata.n = e->extracted.n = 0;
	e->tenant = g->r->settings->loki.tenant;
	e->dropped = NULL;
	e->timestamp_ns = f->read_ns;
	e->begin = f->position.offset;
	e->end = end;
	f->position.offset = end;
	reader_touch(g->r, f);
	if (e->line.len)
		pipeline_push(f->pipeline, e, g->now_ns);
	if (g->r->line.chunks)
		arena_reset(&g->r->line);
}

/* A line that does not fit: its beginning is taken, its rest passed over. The bytes that were used. */
static size_t push_long(struct reading *g, struct span rest)
{
	uint64_t max = g->f->source->follow.max_line_bytes;

	if (rest.len <= max + 1)
		return 0;
	push_line(g, rest, g->f->position.offset + rest.len);
	g->f->skipping = true;
	return rest.len;
}

/* How many bytes of the block are done with. */
static void push_block(struct reading *g, struct span rest)
{
	struct log_file *f = g->f;

	g->ascii = lines_ascii(rest.s, rest.len);
	while (rest.len && !reader_blocked(g->r)) {
		const char *end = memchr(rest.s, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.s) : rest.len, used = end ? len + 1 : 0;

		if (f->skipping) {
			used = end ? len + 1 : rest.len;
			f->position.offset += used;
			f->skipping = !end;
			reader_touch(g->r, f);
		} else if (end) {
			push_line(g, (struct span){rest.s, len}, f->position.offset + used);
		} else {
			used = push_long(g, rest);
		}
		if (!used)
			break;
		rest = (struct span){rest.s + used, rest.len - used};
	}
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
	begin_reading(&g, r, f);
	if (!f->skipping)
		push_line(&g, (struct span){r->block, (size_t)n}, f->position.offset + (uint64_t)n);
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

/* One block. What is left makes the file dirty again. */
static void read_file(struct reader *r, struct log_file *f)
{
	struct position was = f->position;
	struct reading g;
	uint64_t before;
	ssize_t n;

	f->dirty = false;
	if (!log_file_look(f))
		begin_anew(r, f, &was);
	if (f->before && !f->before->drained) {
		f->dirty = true;
		return;
	}
	n = f->position.offset < f->size ? log_file_read(f, r->block, READ_BLOCK, f->position.offset) : 0;
	if (n > 0) {
		begin_reading(&g, r, f);
		before = f->position.offset;
		push_block(&g, (struct span){r->block, (size_t)n});
		log_count(&r->counts->read_bytes, f->position.offset - before);
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
	uint64_t lag = 0;
	bool more = false;

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
		lag += f->size > f->position.offset ? f->size - f->position.offset : 0;
		more |= f->dirty && !(f->before && !f->before->drained && !f->before->dirty);
	}
	atomic_store(&r->counts->lag_bytes, lag);
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

static int64_t next_due(const struct reader *r, int64_t now)
{
	int64_t every = r->watch.incomplete ? LOOK_OFTEN_NS : LOOK_EVERY_NS;
	int64_t due = r->looked_ns + (r->look ? LOOK_AGAIN_NS : every), seal = seal_due(r);

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

/* Waits for a change, a free batch, or the time to do something. While Loki takes nothing only the looks count. */
static void wait_for_work(struct reader *r, bool more)
{
	struct pollfd fds[] = {{r->wake_fd, POLLIN, 0}, {r->watch.fd, POLLIN, 0}};
	int64_t now = clock_mono_ns(), due = next_due(r, now);
	bool blocked = reader_blocked(r);
	int64_t least = r->looked_ns + LOOK_AGAIN_NS;
	uint64_t n;

	if (blocked)
		due = r->looked_ns + (r->look ? LOOK_AGAIN_NS : LOOK_OFTEN_NS);
	if (blocked && due < least)
		due = least;
	if ((more && !blocked) || due <= now)
		due = now;
	if (poll(fds, ARRAY_LEN(fds), (int)((due - now + NS_PER_MS - 1) / NS_PER_MS)) > 0 && fds[0].revents)
		(void)!read(r->wake_fd, &n, sizeof(n));
	r->look |= watch_read(&r->watch, mark_changed, r);
}

static bool look_now(const struct reader *r, int64_t now)
{
	int64_t every = r->watch.incomplete ? LOOK_OFTEN_NS : LOOK_EVERY_NS;

	return r->first || now - r->looked_ns >= (r->look ? LOOK_AGAIN_NS : every);
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

		if (look_now(r, clock_mono_ns()))
			reader_discover(r);
		more = read_files(r);
		if (seal_due(r) <= clock_mono_ns())
			reader_seal(r);
		wait_for_work(r, more);
	}
	clean_up(r);
	return NULL;
}
