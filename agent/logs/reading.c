#include "logs/reading.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "logs/lines.h"

void reading_begin(struct reading *g, struct reader *r, struct log_file *f)
{
	struct log_pair *pairs = r->pairs;

	*g = (struct reading){.r = r, .f = f, .now_ns = clock_mono_ns()};
	g->entry.arena = &r->line;
	g->entry.labels = (struct log_pairs){pairs, 0, LOG_MAX_LABELS};
	g->entry.metadata = (struct log_pairs){pairs + LOG_MAX_LABELS, 0, LOG_MAX_METADATA};
	g->entry.extracted = (struct log_pairs){pairs + LOG_MAX_LABELS + LOG_MAX_METADATA, 0, LOG_MAX_EXTRACTED};
	f->read_ns = clock_real_ns();
	atomic_store_explicit(&f->counts->last_real_ns, f->read_ns, memory_order_relaxed);
}

void reading_entry(struct reading *g)
{
	struct log_entry *e = &g->entry;
	struct log_file *f = g->f;

	memcpy(e->labels.items, f->labels.items, f->labels.n * sizeof(*f->labels.items));
	e->labels.n = f->labels.n;
	e->metadata.n = e->extracted.n = 0;
	e->tenant = g->r->settings->loki.tenant;
	e->dropped = NULL;
	e->timestamp_ns = f->read_ns;
}

void reading_push(struct reading *g, struct span line, uint64_t end)
{
	struct log_entry *e = &g->entry;
	struct log_file *f = g->f;

	log_count(&f->counts->read_lines, 1);
	e->line = line_trim(line);
	if (e->line.len > f->source->follow.max_line_bytes) {
		e->line = line_cut(e->arena, e->line, f->source->follow.max_line_bytes);
		log_count(&g->r->counts->truncated_lines, 1);
	}
	if (!g->ascii && !utf8_valid(e->line.s, e->line.len)) {
		e->line = line_repair(e->arena, e->line);
		log_count(&g->r->counts->repaired_lines, 1);
	}
	e->begin = f->position.offset;
	e->end = end;
	f->position.offset = end;
	reader_touch(g->r, f);
	if (e->line.len)
		pipeline_push(f->pipeline, e, g->now_ns);
	if (g->r->line.chunks)
		arena_reset(&g->r->line);
}

void reading_line(struct reading *g, struct span line, uint64_t end)
{
	reading_entry(g);
	reading_push(g, line, end);
}

/* A line that does not fit: its beginning is taken, its rest passed over. The bytes that were used. */
static size_t push_long(struct reading *g, struct span rest)
{
	uint64_t max = g->f->source->follow.max_line_bytes;

	if (rest.len <= max + 1)
		return 0;
	reading_line(g, rest, g->f->position.offset + rest.len);
	g->f->skipping = true;
	return rest.len;
}

void reading_block(struct reading *g, struct span rest)
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
			reading_line(g, (struct span){rest.s, len}, f->position.offset + used);
		} else {
			used = push_long(g, rest);
		}
		if (!used)
			break;
		rest = (struct span){rest.s + used, rest.len - used};
	}
}
