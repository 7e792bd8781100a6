#include "logs/stream.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "logs/digest.h"

enum {
	TABLE_SIZE = 16384, /* a power of two above twice the streams and their aliases */
	LAPS = 9,
};

/* Labels in another order are another hash, but the same stream. */
struct slot {
	uint64_t hash;
	struct stream *stream;
};

struct streams {
	struct positions *positions;
	struct slot table[TABLE_SIZE];
	struct stream *all[STREAMS_MAX];
	size_t n, aliases;
};

struct streams *streams_new(struct positions *positions)
{
	struct streams *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->positions = positions;
	return s;
}

void streams_clear(struct streams *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->all[i]->labels);
		free(s->all[i]);
	}
	memset(s->table, 0, sizeof(s->table));
	s->n = s->aliases = 0;
}

void streams_free(struct streams *s)
{
	if (!s)
		return;
	streams_clear(s);
	free(s);
}

bool streams_full(const struct streams *s)
{
	return s->n + s->aliases == STREAMS_MAX;
}

static int by_name(const void *a, const void *b)
{
	const struct log_pair *x = a, *y = b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = memcmp(x->name.s, y->name.s, len);

	return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

/* As Go writes a quoted string: Loki reads it so. */
static void put_quoted(struct buf *out, struct span s)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\x%02x", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}

static char *render(const struct log_pairs *labels, size_t *len)
{
	struct log_pair sorted[LOG_MAX_LABELS];
	struct buf CLEANUP_BUF out = {0};

	memcpy(sorted, labels->items, labels->n * sizeof(*sorted));
	qsort(sorted, labels->n, sizeof(*sorted), by_name);
	buf_putc(&out, '{');
	for (size_t i = 0; i < labels->n; i++) {
		buf_puts(&out, i ? ", " : "");
		buf_put(&out, sorted[i].name.s, sorted[i].name.len);
		buf_putc(&out, '=');
		put_quoted(&out, sorted[i].value);
	}
	buf_putc(&out, '}');
	return buf_take(&out, len);
}

static struct slot *find_slot(struct streams *s, uint64_t hash)
{
	size_t at = hash & (TABLE_SIZE - 1);

	while (s->table[at].stream && s->table[at].hash != hash)
		at = (at + 1) & (TABLE_SIZE - 1);
	return &s->table[at];
}

static struct stream *find_id(const struct streams *s, uint64_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i]->id == id)
			return s->all[i];
	return NULL;
}

static struct stream *make(struct streams *s, uint64_t id, char *labels)
{
	struct stream *new = calloc(1, sizeof(*new));
	struct tie tie;

	if (!new)
		abort();
	new->id = id;
	new->labels = labels;
	if (positions_find_tie(s->positions, id, &tie)) {
		new->runs[new->n_runs++] = (struct run){tie.asked, tie.given};
		new->forgotten = tie.top;
		new->lap = tie.lap;
	}
	s->all[s->n++] = new;
	return new;
}

struct stream *streams_get(struct streams *s, const struct log_pairs *labels)
{
	uint64_t hash = log_pairs_hash(labels), id;
	struct slot *slot = find_slot(s, hash);
	struct stream *known;
	size_t len;
	char *text;

	if (slot->stream)
		return slot->stream;
	text = render(labels, &len);
	id = digest(text, len);
	known = find_id(s, id);
	*slot = (struct slot){hash, known};
	if (known) {
		s->aliases++;
		free(text);
	} else {
		slot->stream = make(s, id, text);
	}
	return slot->stream;
}

static struct run *find_run(struct stream *s, int64_t t, const struct run *but)
{
	for (size_t i = 0; i < s->n_runs; i++)
		if (&s->runs[i] != but && t >= s->runs[i].asked && t <= s->runs[i].given)
			return &s->runs[i];
	return NULL;
}

static void put_first(struct stream *s, struct run run, size_t from)
{
	memmove(&s->runs[1], &s->runs[0], from * sizeof(run));
	s->runs[0] = run;
}

static int64_t go_on(struct stream *s, struct run *run)
{
	const struct run *other;

	run->given++;
	while ((other = find_run(s, run->given, run)))
		run->given = other->given + 1;
	if (run != s->runs)
		put_first(s, *run, (size_t)(run - s->runs));
	return s->runs[0].given;
}

/* Finer times than milliseconds do not meet again. */
static bool is_doubtful(const struct stream *s, int64_t t)
{
	return t <= s->forgotten && t % NS_PER_MS == 0;
}

static int64_t begin_run(struct stream *s, int64_t asked)
{
	int64_t given = asked;

	if (is_doubtful(s, asked)) {
		if (!s->lap || asked < s->runs[0].asked)
			s->lap = s->lap % LAPS + 1;
		given += s->lap * (NS_PER_MS / (LAPS + 1));
	}
	if (s->n_runs == STREAM_RUNS) {
		const struct run *last = &s->runs[STREAM_RUNS - 1];

		s->forgotten = last->given > s->forgotten ? last->given : s->forgotten;
	} else {
		s->n_runs++;
	}
	put_first(s, (struct run){asked, given}, s->n_runs - 1);
	return given;
}

int64_t stream_time(struct stream *s, int64_t asked_ns)
{
	struct run *run = find_run(s, asked_ns, NULL);

	return run ? go_on(s, run) : begin_run(s, asked_ns);
}

struct tie stream_tie(const struct stream *s)
{
	int64_t top = s->forgotten;

	for (size_t i = 0; i < s->n_runs; i++)
		top = s->runs[i].given > top ? s->runs[i].given : top;
	return (struct tie){s->id, s->runs[0].asked, s->runs[0].given, top, s->lap};
}
