#include <ctype.h>
#include <stdlib.h>

#include "metric/promtext_inside.h"

int promtext_fault(const struct text *t, const char *what)
{
	return err_set(t->err, "%s:%zu: %s", t->name, t->line, what);
}

int promtext_fault_of(const struct text *t, const char *family, const char *what)
{
	return err_set(t->err, "%s:%zu: %.80s %s", t->name, t->line, family, what);
}

void promtext_skip_blanks(struct span *s)
{
	while (s->len && (*s->s == ' ' || *s->s == '\t')) {
		s->s++;
		s->len--;
	}
}

static bool name_byte(unsigned char c, bool first, bool colon)
{
	return isalpha(c) || c == '_' || (colon && c == ':') || (!first && isdigit(c));
}

struct span promtext_scan_name(struct span *rest, bool colon)
{
	struct span name = {rest->s, 0};

	while (name.len < rest->len && name_byte((unsigned char)name.s[name.len], name.len == 0, colon))
		name.len++;
	rest->s += name.len;
	rest->len -= name.len;
	return name;
}

/* A quoted label value, or (until = '\0') the rest of a HELP line; without its escapes. */
static int unescape(struct text *t, struct span *rest, char until, const char **out)
{
	char *text = arena_alloc(t->arena, rest->len + 1);
	bool quotes_too = until || t->reader->format == PROMTEXT_OPENMETRICS;
	size_t n = 0, i = 0;

	for (; i < rest->len && (!until || rest->s[i] != until); i++) {
		char c = rest->s[i];

		if (c == '\\') {
			c = ++i < rest->len ? rest->s[i] : '\0';
			if (c != '\\' && c != 'n' && (c != '"' || !quotes_too))
				return promtext_fault(t, "a backslash comes before \\, n or (in labels) \" only");
			c = c == 'n' ? '\n' : c;
		}
		text[n++] = c;
	}
	if (until && i == rest->len)
		return promtext_fault(t, "the quote of a label's value is not closed");
	text[n] = '\0';
	arena_trim(t->arena, text, rest->len + 1, n + 1);
	*out = text;
	rest->s += i + (until ? 1 : 0);
	rest->len -= i + (until ? 1 : 0);
	return 0;
}

int promtext_scan_help(struct text *t, struct span rest, const char **out)
{
	return unescape(t, &rest, '\0', out);
}

static int add_label(struct text *t, struct labels *labels, const char *name, const char *value)
{
	if (!strncmp(name, "__", 2))
		return promtext_fault(t, "names of labels that begin with __ are Prometheus' own");
	if (labels->n == PROMTEXT_MAX_LABELS)
		return promtext_fault(t, "more than 64 labels");
	if (t->set.common_len && !strcmp(name, "target"))
		name = "exported_target";
	for (size_t i = 0; i < labels->n; i++)
		if (!strcmp(labels->items[i].name, name))
			return err_set(t->err, "%s:%zu: label %.80s is there twice", t->name, t->line, name);
	labels->items[labels->n++] = (struct label){name, value};
	if (!strcmp(name, "le"))
		labels->le = value;
	if (!strcmp(name, "quantile"))
		labels->quantile = value;
	return 0;
}

static int scan_label(struct text *t, struct span *rest, struct labels *labels)
{
	struct span name = promtext_scan_name(rest, false);
	const char *value;

	promtext_skip_blanks(rest);
	if (!name.len || !rest->len || *rest->s != '=')
		return promtext_fault(t, "in braces come labels such as name=\"value\"");
	rest->s++;
	rest->len--;
	promtext_skip_blanks(rest);
	if (!rest->len || *rest->s != '"')
		return promtext_fault(t, "the value of a label is not in quotes");
	rest->s++;
	rest->len--;
	if (unescape(t, rest, '"', &value) < 0)
		return -1;
	return add_label(t, labels, arena_strndup(t->arena, name.s, name.len), value);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

void promtext_sort_labels(struct label *labels, size_t n)
{
	if (n > 1)
		qsort(labels, n, sizeof(labels[0]), by_name);
}

int promtext_scan_labels(struct text *t, struct span *rest, struct labels *labels)
{
	for (;;) {
		promtext_skip_blanks(rest);
		if (rest->len && *rest->s == '}')
			break;
		if (scan_label(t, rest, labels) < 0)
			return -1;
		promtext_skip_blanks(rest);
		if (rest->len && *rest->s == '}')
			break;
		if (!rest->len || *rest->s != ',')
			return promtext_fault(t, "between labels comes a comma, and after them a brace");
		rest->s++;
		rest->len--;
	}
	rest->s++;
	rest->len--;
	promtext_sort_labels(labels->items, labels->n);
	return 0;
}
