/* Replaces what an expression matches, everywhere in the line: its groups, or all of it where it has none. */
#include "base/buf.h"
#include "base/utf8.h"
#include "config/regex.h"
#include "logs/stage.h"

struct config {
	const struct regex *expression;
	const char *source, *replace;
};

enum { TEXT_MAX = 1 << 20 };

struct state {
	struct buf text; /* kept from line to line */
};

static const struct field rows[] = {
	{.name = "expression",
         .type = FIELD_REGEX,
         .offset = FIELD_AT(struct config, expression, const struct regex *),
         .required = true,
         .help = "What to replace: its groups where it has any, or else all that it matches."},
	F_STRING(struct config, source, NULL, "The extracted value to change instead of the line."),
	F_STRING(struct config, replace, "", "What to put there."),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;

	(void)a;
	if (!c->expression || regex_groups(c->expression) > REGEX_MAX_GROUPS)
		return err_set(err, "expression is empty or has more than %d groups; write one with fewer",
		               REGEX_MAX_GROUPS - 1);
	*out = settings;
	return 0;
}

/* The new text, piece by piece, and how far the old one is done. */
struct rewrite {
	struct span old;
	size_t done;
	const char *with;
	struct buf *text;
};

static void put_instead(struct rewrite *r, struct span piece)
{
	size_t at = (size_t)(piece.s - r->old.s);

	if (at < r->done) /* inside of another group */
		return;
	buf_put(r->text, r->old.s + r->done, at - r->done);
	buf_puts(r->text, r->with);
	r->done = at + piece.len;
}

static size_t behind(const struct rewrite *r, struct span match)
{
	size_t at = (size_t)(match.s - r->old.s) + match.len;

	if (match.len)
		return at;
	for (at++; at < r->old.len && ((unsigned char)r->old.s[at] & 0xc0) == 0x80;)
		at++;
	return at;
}

static enum regex_result rewrite(struct rewrite *r, const struct regex *re)
{
	size_t n = regex_groups(re);

	for (size_t from = 0; from <= r->old.len;) {
		struct span groups[REGEX_MAX_GROUPS];
		enum regex_result found = regex_find(re, r->old, from, groups);

		if (found != REGEX_MATCH)
			return found;
		for (size_t i = n > 1 ? 1 : 0; i < n; i++)
			if (groups[i].s)
				put_instead(r, groups[i]);
		from = behind(r, groups[0]);
	}
	return REGEX_NO_MATCH;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	const struct span *source = stage_source(e, c->source);
	struct state *state = s->state;
	struct rewrite r = {.with = c->replace ? c->replace : "", .text = &state->text};
	struct span changed;

	if (!source) {
		stage_fail(s, "source is missing");
		return STAGE_NEXT;
	}
	if (!utf8_valid(source->s, source->len)) {
		stage_fail(s, "not UTF-8");
		return STAGE_NEXT;
	}
	buf_reset(&state->text);
	state->text.max = TEXT_MAX;
	r.old = *source;
	if (rewrite(&r, c->expression) == REGEX_LIMIT)
		stage_fail(s, "match limit");
	if (!r.done && !r.text->len)
		return STAGE_NEXT;
	buf_put(r.text, r.old.s + r.done, r.old.len - r.done);
	if (r.text->failed)
		return stage_dropped(e, "too long");
	changed = span_keep(e->arena, (struct span){r.text->data, r.text->len});
	if (c->source && *c->source)
		log_pairs_set(&e->extracted, span_of(c->source), changed);
	else
		e->line = changed;
	return STAGE_NEXT;
}

static void fini(struct stage *s)
{
	struct state *state = s->state;

	buf_fini(&state->text);
}

const struct stage_kind stage_replace = {
	.settings = {.name = "replace",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Replaces what an expression matches, everywhere in the line."},
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.run = run,
	.fini = fini,
};
