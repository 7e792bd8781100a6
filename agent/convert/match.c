/* Promtail's match: what its selector says of labels that are the same for all entries is settled here; the rest
 * becomes a drop or a keep. */
#include "config/regex.h"
#include "convert/selector.h"
#include "convert/source.h"

enum verdict { HOLDS, FAILS, DEPENDS };

static bool whole_match(struct writer *w, const char *pattern, const char *text)
{
	const struct regex *re;
	struct err err;
	const char *whole = arena_printf(w->a, "^(?s:%s)$", pattern);

	return regex_compile(w->a, span_of(whole), &re, &err) == 0 && regex_match(re, text, strlen(text));
}

static enum verdict judge(struct writer *w, const struct source *s, const struct selector_part *part)
{
	const struct known_label *label = part->label ? source_label(s, part->label) : NULL;
	const char *value = label ? label->value : "";
	bool same;

	if (!part->label || !value)
		return DEPENDS;
	same = part->regex ? whole_match(w, part->value, value) : !strcmp(part->value, value);
	return same != part->negated ? HOLDS : FAILS;
}

static void put_quoted(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\^$.[]|()?*+{}#", *text))
			buf_putc(out, '\\');
		buf_putc(out, *text);
	}
}

/* Filters of the line, all in one expression; a lone one that must be there stands for itself. */
static void put_filters(struct buf *out, const struct selector_part *const *parts, size_t n)
{
	bool alone = n == 1 && !parts[0]->negated;

	buf_puts(out, alone ? "" : "^");
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, alone ? "" : parts[i]->negated ? "(?!(?s:.*?)(?:" : "(?=(?s:.*?)(?:");
		if (parts[i]->regex)
			buf_puts(out, parts[i]->value);
		else
			put_quoted(out, parts[i]->value);
		buf_puts(out, alone ? "" : "))");
	}
}

struct open_parts {
	const struct selector_part *lines[SELECTOR_PARTS], *labels[SELECTOR_PARTS];
	size_t n_lines, n_labels;
};

/* False where it never holds. */
static bool sort_out(struct writer *w, const struct source *s, const struct selector *selector, struct open_parts *open)
{
	for (size_t i = 0; i < selector->n; i++) {
		const struct selector_part *part = &selector->parts[i];
		enum verdict verdict = judge(w, s, part);

		if (verdict == FAILS)
			return false;
		if (verdict == DEPENDS && part->label)
			open->labels[open->n_labels++] = part;
		else if (verdict == DEPENDS)
			open->lines[open->n_lines++] = part;
	}
	return true;
}

static void put_drop(struct writer *w, const struct source *s, const struct node *settings,
                     const struct open_parts *open, int indent, struct buf *text)
{
	const struct selector_part *label = open->n_labels ? open->labels[0] : NULL;
	const char *reason = text_of(w, settings, "drop_counter_reason");
	struct buf CLEANUP_BUF expression = {0};
	struct buf *out = w->out;

	if (label && label->regex)
		buf_printf(&expression, "^(?s:%s)$", label->value);
	else if (label)
		put_quoted(&expression, label->value);
	else
		put_filters(&expression, open->lines, open->n_lines);
	if (label && !label->regex) {
		struct buf CLEANUP_BUF whole = {0};

		buf_printf(&whole, "^%s$", expression.data ? expression.data : "");
		buf_reset(&expression);
		buf_puts(&expression, whole.data);
	}
	w->out = text;
	w->holding = true;
	buf_printf(text, "%*s- %s:\n", indent, "", label && label->negated ? "keep" : "drop");
	if (label)
		write_text(w, indent + 4, "source", source_label(s, label->label)->from ?: label->label);
	write_text(w, indent + 4, "expression", expression.data ? expression.data : "");
	write_text(w, indent + 4, "reason", reason && *reason ? reason : "match_stage");
	w->holding = false;
	w->out = out;
}

static void convert_drop(struct writer *w, const struct source *s, const struct node *at, const struct node *settings,
                         const struct open_parts *open, int indent)
{
	struct buf CLEANUP_BUF text = {0};

	if (open->n_labels > 1 || (open->n_labels && open->n_lines)) {
		note(w, at, NO_EQUAL,
		     "match: asks for several things at once that differ from entry to entry; make one value of them "
		     "with "
		     "a template stage, and drop by that");
		return;
	}
	if (!open->n_labels && !open->n_lines) {
		buf_printf(&text, "%*s- drop: {expression: '^', reason: match_stage}\n", indent, "");
		(void)!write_stage(w, at, indent, &text);
		return;
	}
	put_drop(w, s, settings, open, indent, &text);
	(void)!write_stage(w, at, indent, &text);
}

static const struct key_note match_keys[] = {
	{"selector", NO_EQUAL, NULL},
	{"stages", NO_EQUAL, NULL},
	{"action", NO_EQUAL, NULL},
	{"drop_counter_reason", NO_EQUAL, NULL},
	{"pipeline_name", GOOD_TO_KNOW, NULL},
	{0},
};

void convert_match(struct writer *w, struct source *s, const struct node *at, const struct node *settings, int indent)
{
	const char *text = text_of(w, settings, "selector"), *action = text_of(w, settings, "action");
	struct open_parts open = {0};
	struct selector selector;
	struct err err;

	note_keys(w, settings, match_keys);
	if (!text) {
		note(w, at, NO_EQUAL, "match: has no selector; write {label=\"value\"}");
		return;
	}
	if (selector_parse(w->a, span_of(text), &selector, &err) < 0) {
		note(w, value_of(settings, "selector"), NO_EQUAL, "match: %s", err.text);
		return;
	}
	if (!sort_out(w, s, &selector, &open)) {
		note(w, at, GOOD_TO_KNOW, "match: never holds for this source; it is left out here");
		return;
	}
	if (action && !strcmp(action, "drop"))
		convert_drop(w, s, at, settings, &open, indent);
	else if (!open.n_labels && !open.n_lines)
		convert_stage_list(w, s, list_of(w, settings, "stages"), indent);
	else
		note(w, at, NO_EQUAL,
		     "match: its stages are for some entries of the source only; make a source of its own for those, "
		     "or "
		     "write expressions that match nothing else");
}
