#include "logs/dry_run.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "logs/pipeline.h"
#include "metric/exposition.h"

enum { LINE_MAX_BYTES = 1 << 20, VALUE_SHOWN = 160, FRAMES_MAX = 64, NAME_WIDTH = 20 };

/* An entry as a stage got it. */
struct snapshot {
	struct span line;
	int64_t timestamp_ns;
	const char *tenant;
	struct log_pair labels[LOG_MAX_LABELS], metadata[LOG_MAX_METADATA], extracted[LOG_MAX_EXTRACTED];
	size_t n_labels, n_metadata, n_extracted;
	uint64_t failed[STAGE_REASONS];
};

/* A stage that holds entries is at work: what it emits meanwhile is shown behind it. */
struct frame {
	const char *stage;
	uint64_t begin;
	bool told;
};

struct show {
	FILE *out;
	int64_t read_ns; /* the time of reading, the same for all lines */
	struct snapshot before;
	struct frame frames[FRAMES_MAX];
	size_t depth;
	uint64_t begin, end; /* of the entry whose heading was written last; they count lines */
	uint64_t lines, entries, dropped;
	struct buf text;
};

static void put_char(struct buf *out, const char *s, size_t len, bool quoted)
{
	unsigned char c = (unsigned char)*s;

	if (!len || c < ' ' || c == 0x7f)
		buf_printf(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\x%02x", c);
	else if (quoted && (c == '"' || c == '\\'))
		buf_printf(out, "\\%c", c);
	else
		buf_put(out, s, len);
}

/* On one line, without anything that moves a terminal's cursor. */
static void put_text(struct buf *out, struct span text, bool quoted)
{
	const char *end = text.s + (text.len > VALUE_SHOWN ? VALUE_SHOWN : text.len);

	for (const char *p = text.s; p < end;) {
		size_t len = utf8_len(p, text.s + text.len);

		put_char(out, p, len, quoted);
		p += len ? len : 1;
	}
	if (text.len > VALUE_SHOWN)
		buf_printf(out, "… (%zu bytes)", text.len);
}

static const char *shown(struct show *w, struct span text, bool quoted)
{
	buf_reset(&w->text);
	put_text(&w->text, text, quoted);
	return w->text.data ? w->text.data : "";
}

static const char *shown_time(const struct show *w, int64_t ns, char out[64])
{
	time_t seconds = ns / NS_PER_S;
	struct tm tm;
	size_t n;

	if (ns == w->read_ns)
		return "time of reading";
	gmtime_r(&seconds, &tm);
	n = strftime(out, 64, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, 64 - n, ".%09" PRId64 "Z", ns % NS_PER_S);
	return out;
}

static void heading(struct show *w, const struct log_entry *e)
{
	if (w->begin == e->begin && w->end == e->end)
		return;
	w->begin = e->begin;
	w->end = e->end;
	if (e->end - e->begin == 1)
		fprintf(w->out, "line %" PRIu64 " |%s%s\n", e->begin, e->line.len ? " " : "", shown(w, e->line, false));
	else
		fprintf(w->out, "lines %" PRIu64 "-%" PRIu64 " |%s%s\n", e->begin, e->end - 1, e->line.len ? " " : "",
		        shown(w, e->line, false));
}

static void step(struct show *w, const struct stage *s, const char *what)
{
	fprintf(w->out, "  %-*s %s\n", NAME_WIDTH, s->kind->settings.name, what);
}

static size_t copy(struct log_pair *to, const struct log_pairs *from)
{
	memcpy(to, from->items, from->n * sizeof(*to));
	return from->n;
}

static void take(struct snapshot *b, const struct stage *s, const struct log_entry *e)
{
	b->line = e->line;
	b->timestamp_ns = e->timestamp_ns;
	b->tenant = e->tenant;
	b->n_labels = copy(b->labels, &e->labels);
	b->n_metadata = copy(b->metadata, &e->metadata);
	b->n_extracted = copy(b->extracted, &e->extracted);
	for (size_t i = 0; i < STAGE_REASONS; i++)
		b->failed[i] = s->totals->failed[i].n;
}

/* What a stage that holds emits comes to us while it is at work. */
static void tell_outer(struct show *w, const struct log_entry *e)
{
	struct frame *f = w->depth && w->depth <= FRAMES_MAX ? &w->frames[w->depth - 1] : NULL;

	if (f && !f->told) {
		fprintf(w->out, "  %-*s %s\n", NAME_WIDTH, f->stage, e->end > f->begin ? "joined" : "held");
		f->told = true;
	}
	heading(w, e);
}

static void before(void *arg, const struct stage *s, const struct log_entry *e)
{
	struct show *w = arg;

	tell_outer(w, e);
	if (s->kind->flush && ++w->depth <= FRAMES_MAX)
		w->frames[w->depth - 1] = (struct frame){.stage = s->kind->settings.name, .begin = e->begin};
	take(&w->before, s, e);
}

static const struct log_pair *find(const struct log_pair *pairs, size_t n, struct span name)
{
	for (size_t i = 0; i < n; i++)
		if (span_same(pairs[i].name, name))
			return &pairs[i];
	return NULL;
}

static bool show_pairs(struct show *w, const struct stage *s, const char *kind, const struct log_pair *old,
                       size_t n_old, const struct log_pairs *now)
{
	struct buf CLEANUP_BUF what = {0};

	for (size_t i = 0; i < now->n; i++) {
		const struct log_pair *pair = find(old, n_old, now->items[i].name);

		if (pair && span_same(pair->value, now->items[i].value))
			continue;
		buf_printf(&what, "%s ", what.len ? "" : kind);
		put_text(&what, now->items[i].name, false);
		buf_puts(&what, "=\"");
		put_text(&what, now->items[i].value, true);
		buf_putc(&what, '"');
	}
	for (size_t i = 0; i < n_old; i++)
		if (!log_pairs_find(now, old[i].name)) {
			buf_printf(&what, "%s without ", what.len ? "" : kind);
			put_text(&what, old[i].name, false);
		}
	if (what.len)
		step(w, s, what.data);
	return what.len > 0;
}

static bool show_rest(struct show *w, const struct stage *s, const struct log_entry *e)
{
	const struct snapshot *b = &w->before;
	bool any = false;
	char text[64], full[96];

	if (b->timestamp_ns != e->timestamp_ns) {
		snprintf(full, sizeof(full), "time      %s", shown_time(w, e->timestamp_ns, text));
		step(w, s, full);
		any = true;
	}
	if (!span_same(b->line, e->line)) {
		fprintf(w->out, "  %-*s line      %s\n", NAME_WIDTH, s->kind->settings.name, shown(w, e->line, false));
		any = true;
	}
	if (b->tenant != e->tenant) {
		fprintf(w->out, "  %-*s tenant    %s\n", NAME_WIDTH, s->kind->settings.name,
		        shown(w, span_of(e->tenant), false));
		any = true;
	}
	for (size_t i = 0; i < STAGE_REASONS; i++)
		if (s->totals->failed[i].n != b->failed[i]) {
			fprintf(w->out, "  %-*s NOT DONE: %s\n", NAME_WIDTH, s->kind->settings.name,
			        s->totals->failed[i].reason);
			any = true;
		}
	return any;
}

static void show_changes(struct show *w, const struct stage *s, const struct log_entry *e)
{
	const struct snapshot *b = &w->before;
	bool any = show_pairs(w, s, "extracted", b->extracted, b->n_extracted, &e->extracted);

	any |= show_pairs(w, s, "label    ", b->labels, b->n_labels, &e->labels);
	any |= show_pairs(w, s, "metadata ", b->metadata, b->n_metadata, &e->metadata);
	any |= show_rest(w, s, e);
	if (!any)
		step(w, s, "-");
}

static void after(void *arg, const struct stage *s, const struct log_entry *e, enum stage_result result)
{
	struct show *w = arg;
	bool told = false;

	if (s->kind->flush) {
		told = w->depth <= FRAMES_MAX && w->frames[w->depth - 1].told;
		w->depth--;
	}
	if (result == STAGE_HELD && !told)
		step(w, s, "held");
	else if (result == STAGE_DROP)
		step(w, s, "DROPPED");
	else if (result == STAGE_NEXT)
		show_changes(w, s, e);
}

static void show_lines(struct show *w, struct span text)
{
	struct span line;

	while (scan_line(&text, &line))
		fprintf(w->out, "     |%s%s\n", line.len ? " " : "", shown(w, line, false));
}

static void put_stream(struct buf *out, const struct log_pairs *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		buf_puts(out, i ? ", " : "");
		put_text(out, pairs->items[i].name, false);
		buf_puts(out, "=\"");
		put_text(out, pairs->items[i].value, true);
		buf_putc(out, '"');
	}
}

static void entry(void *arg, const struct log_entry *e)
{
	struct buf CLEANUP_BUF labels = {0}, metadata = {0};
	struct show *w = arg;
	char text[64];

	tell_outer(w, e);
	if (e->dropped) {
		w->dropped++;
		fprintf(w->out, "  => dropped: %s\n", e->dropped);
		return;
	}
	w->entries++;
	put_stream(&labels, &e->labels);
	put_stream(&metadata, &e->metadata);
	fprintf(w->out, "  => {%s} %s%s%s\n", labels.len ? labels.data : "", shown_time(w, e->timestamp_ns, text),
	        metadata.len ? " " : "", metadata.len ? metadata.data : "");
	show_lines(w, e->line);
}

static void push(struct show *w, struct pipeline *p, struct arena *a, const struct string_map *labels, struct span line)
{
	struct log_entry e;

	log_entry_init(&e, a);
	for (size_t i = 0; i < labels->n; i++)
		log_pairs_set(&e.labels, span_of(labels->items[i].key), span_of(labels->items[i].value));
	if (line.len && line.s[line.len - 1] == '\n')
		line.len--;
	if (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	e.line = line;
	e.timestamp_ns = w->read_ns;
	e.begin = ++w->lines;
	e.end = e.begin + 1;
	heading(w, &e);
	pipeline_push(p, &e, clock_mono_ns());
	arena_reset(a);
}

static int read_all(struct show *w, struct pipeline *p, const struct string_map *labels, FILE *in, struct err *err)
{
	struct arena CLEANUP(arena_fini) a = {0};
	char CLEANUP_FREE *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, in)) >= 0) {
		if (n > LINE_MAX_BYTES)
			return err_set(err, "line %" PRIu64 " has more than 1 MiB; give a file of lines", w->lines + 1);
		push(w, p, &a, labels, (struct span){line, (size_t)n});
	}
	if (ferror(in))
		return err_errno(err, "cannot read on behind line %" PRIu64, w->lines);
	pipeline_flush(p, clock_mono_ns(), true);
	return 0;
}

/* What a scrape would show of these lines. */
static void show_metrics(struct show *w, const struct plan *plan)
{
	struct arena CLEANUP(arena_fini) a = {0}, scratch = {0};
	struct buf CLEANUP_BUF text = {0};
	const struct sample_set *sets[1];
	struct sample_set set;

	sample_set_init(&set, &a, NULL);
	plan_collect(plan, "dry-run", &set);
	sets[0] = &set;
	exposition_write(&text, EXPOSITION_TEXT, &scratch, sets, 1);
	fprintf(w->out, "\n%" PRIu64 " lines, %" PRIu64 " entries shipped, %" PRIu64 " dropped\n", w->lines, w->entries,
	        w->dropped);
	if (text.len)
		fprintf(w->out, "\n%s", text.data);
}

int dry_run(const struct list *stages, const struct string_map *labels, FILE *in, FILE *out, struct err *err)
{
	struct show w = {.out = out, .read_ns = clock_real_ns()};
	struct pipeline_sink sink = {.entry = entry, .before = before, .after = after, .arg = &w};
	struct pipeline *pipeline;
	struct plan *plan;
	int rc;

	if (plan_new(&plan, stages, err) < 0)
		return -1;
	pipeline = pipeline_new(plan, &sink);
	rc = read_all(&w, pipeline, labels, in, err);
	if (rc == 0)
		show_metrics(&w, plan);
	pipeline_free(pipeline);
	plan_free(plan);
	buf_fini(&w.text);
	return rc;
}
