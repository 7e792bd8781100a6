/* Makes a value out of others: 'user {{.name}} on {{.host | ToUpper}}'. {{.Value}} is the value that is replaced,
 * {{.Entry}} the line. */
#include <ctype.h>

#include "base/buf.h"
#include "logs/stage.h"

enum { PIECES_MAX = 64, TEXT_MAX = 1 << 20 };

enum function { AS_IT_IS, TO_LOWER, TO_UPPER, TRIM_SPACE };

static const char *const functions[] = {
	[AS_IT_IS] = "", [TO_LOWER] = "ToLower", [TO_UPPER] = "ToUpper", [TRIM_SPACE] = "TrimSpace"};

struct config {
	const char *source, *template;
};

struct piece {
	struct span literal; /* or the name of a value */
	bool value;
	enum function function;
};

struct plan {
	struct span name;
	struct piece pieces[PIECES_MAX];
	size_t n;
};

struct state {
	struct buf text; /* kept from line to line */
};

static const struct field rows[] = {
	{.name = "source",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct config, source, const char *),
         .required = true,
         .help = "The extracted value to set; an empty one is removed."},
	{.name = "template",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct config, template, const char *),
         .required = true,
         .help = "The text, with `{{.name}}` for values, and `{{.name | ToUpper}}` (or `ToLower`, `TrimSpace`)."},
	{0},
};

static bool parse_function(struct span text, enum function *out)
{
	for (size_t i = 1; i < ARRAY_LEN(functions); i++)
		if (span_eq(text, functions[i])) {
			*out = (enum function)i;
			return true;
		}
	return false;
}

/* ".name", ".name | Function" or "Function .name" */
static bool parse_value(struct span text, struct piece *out)
{
	struct span name = span_trim(text), before;

	*out = (struct piece){.value = true};
	if (scan_until(&name, '|', &before)) {
		if (!parse_function(span_trim(name), &out->function))
			return false;
		name = span_trim(before);
	} else if (scan_until(&name, ' ', &before)) {
		if (!parse_function(before, &out->function))
			return false;
		name = span_trim(name);
	}
	out->literal = (struct span){name.s + 1, name.len - 1};
	return name.len > 1 && *name.s == '.' && !memchr(name.s, ' ', name.len) && !memchr(name.s, '|', name.len);
}

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;
	struct plan *p = ARENA_NEW(a, struct plan);
	struct span rest = span_of(c->template);

	p->name = span_of(c->source);
	while (rest.len) {
		const char *open = memmem(rest.s, rest.len, "{{", 2), *close;
		struct span literal = {rest.s, open ? (size_t)(open - rest.s) : rest.len};

		if (p->n + 2 > PIECES_MAX)
			return err_set(err, "template has more than %d pieces; shorten it", PIECES_MAX);
		if (literal.len)
			p->pieces[p->n++] = (struct piece){.literal = literal};
		if (!open)
			break;
		rest.len -= literal.len + 2;
		rest.s = open + 2;
		close = memmem(rest.s, rest.len, "}}", 2);
		if (!close || !parse_value((struct span){rest.s, (size_t)(close - rest.s)}, &p->pieces[p->n++]))
			return err_set(err,
			               "template holds {{ with no value; write {{.name}} or {{.name | ToUpper}} "
			               "(ToLower, TrimSpace)");
		rest.len -= (size_t)(close - rest.s) + 2;
		rest.s = close + 2;
	}
	*out = p;
	return 0;
}

static void put_value(struct buf *out, struct span value, enum function function)
{
	size_t at = out->len;

	if (function == TRIM_SPACE)
		value = span_trim(value);
	buf_put(out, value.s, value.len);
	for (; function != AS_IT_IS && at < out->len; at++) {
		unsigned char c = (unsigned char)out->data[at];

		out->data[at] = (char)(function == TO_LOWER ? tolower(c) : function == TO_UPPER ? toupper(c) : c);
	}
}

static const struct span *value_of(const struct plan *p, const struct log_entry *e, struct span name)
{
	const struct span *value;

	if (span_eq(name, "Entry"))
		return &e->line;
	if (span_eq(name, "Value"))
		return log_pairs_find(&e->extracted, p->name);
	value = log_pairs_find(&e->extracted, name);
	return value ? value : log_pairs_find(&e->labels, name);
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct plan *p = s->plan;
	struct state *state = s->state;

	buf_reset(&state->text);
	state->text.max = TEXT_MAX;
	for (size_t i = 0; i < p->n; i++) {
		const struct piece *piece = &p->pieces[i];
		const struct span *value = piece->value ? value_of(p, e, piece->literal) : &piece->literal;

		if (value)
			put_value(&state->text, *value, piece->function);
	}
	if (state->text.failed)
		stage_fail(s, "too long");
	else if (state->text.len)
		stage_extract(s, e, p->name, span_keep(e->arena, (struct span){state->text.data, state->text.len}));
	else
		log_pairs_remove(&e->extracted, p->name);
	return STAGE_NEXT;
}

static void fini(struct stage *s)
{
	struct state *state = s->state;

	buf_fini(&state->text);
}

const struct stage_kind stage_template = {
	.settings = {.name = "template",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Makes a value out of others."},
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.run = run,
	.fini = fini,
};
