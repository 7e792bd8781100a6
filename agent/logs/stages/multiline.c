/* Joins lines to entries: by an expression for first lines, or else by indentation, tracebacks of Python and causes of
 * Java included. */
#include <ctype.h>

#include "config/regex.h"
#include "logs/stages/common_hold.h"

struct config {
	const struct regex *first_line;
	int64_t max_wait, max_lines;
	uint64_t max_bytes;
};

static const struct field rows[] = {
	F_REGEX(struct config, first_line, NULL,
                "What an entry's first line matches. Without, lines that are indented belong to the one before, and so "
                "do tracebacks."),
	F_DURATION(struct config, max_wait, "3s", "How long to wait for another line."),
	F_INT(struct config, max_lines, "1000", "The most lines of an entry; more of them begin another one.", 1,
              100000),
	{.name = "max_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct config, max_bytes, uint64_t),
         .def = "256KiB",
         .min = 1024,
         .max = 1 << 20,
         .help = "The most bytes of an entry; a line that does not fit begins another one."},
	{0},
};

/* What only ever follows, in Python and Java. */
static const char *const followers[] = {
	"Traceback (most recent call last)",
	"During handling of the above exception",
	"The above exception was the direct cause",
	"Caused by: ",
};

static bool follows(struct span line)
{
	for (size_t i = 0; i < ARRAY_LEN(followers); i++)
		if (span_starts(line, followers[i]))
			return true;
	return !line.len || *line.s == ' ' || *line.s == '\t';
}

static struct span last_line(const struct hold *h)
{
	struct span text = {h->text.data ? h->text.data : "", h->text.len};
	const char *newline = text.len ? memrchr(text.s, '\n', text.len) : NULL;

	return newline ? (struct span){newline + 1, text.len - (size_t)(newline + 1 - text.s)} : text;
}

/* The line behind the last frame names the exception: package.Name, or package.Name: why. */
static bool is_exception(struct span line)
{
	for (size_t n = 0; n < line.len && line.s[n] != ':'; n++) {
		char c = line.s[n];
		bool word = isalnum((unsigned char)c) || c == '.' || c == '_';

		if (!word)
			return false;
	}
	return line.len && isalpha((unsigned char)*line.s);
}

static bool in_traceback(const struct hold *h)
{
	static const char head[] = "Traceback (most recent call last)";

	return h->text.len && memmem(h->text.data, h->text.len, head, sizeof(head) - 1);
}

static bool begins(const struct config *c, struct stage *s, const struct hold *held, struct span line)
{
	struct span groups[REGEX_MAX_GROUPS], last;
	enum regex_result found;

	if (c->first_line) {
		found = regex_find(c->first_line, line, 0, groups);
		if (found == REGEX_LIMIT)
			stage_fail(s, "match limit");
		return found == REGEX_MATCH;
	}
	if (follows(line))
		return false;
	last = held ? last_line(held) : SPAN("");
	return !(last.len && *last.s == ' ' && is_exception(line) && in_traceback(held));
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	uint64_t key = hold_key(e);
	struct hold *held = hold_find(s->state, key);
	bool full = held && (held->lines >= (size_t)c->max_lines || held->text.len + 1 + e->line.len > c->max_bytes);

	if (held && (full || begins(c, s, held, e->line))) {
		if (full)
			stage_fail(s, "entry too large");
		hold_emit(s, held);
		held = NULL;
	}
	if (held)
		hold_add(held, e, "\n");
	else
		held = hold_begin(s, e, key);
	held->due_ns = stage_now_ns(s) + c->max_wait;
	return STAGE_HELD;
}

const struct stage_kind stage_multiline = {
	.settings = {.name = "multiline",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Joins lines to entries."},
	.state_size = sizeof(struct holds),
	.run = run,
	.flush = hold_flush,
	.due_ns = hold_due_ns,
	.held_from = hold_from,
	.fini = hold_fini,
};
