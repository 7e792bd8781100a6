#include "convert/selector.h"

#include <ctype.h>

static void skip_blanks(struct span *in)
{
	while (in->len && isspace((unsigned char)*in->s)) {
		in->s++;
		in->len--;
	}
}

static bool take(struct span *in, const char *what)
{
	size_t n = strlen(what);

	skip_blanks(in);
	if (in->len < n || memcmp(in->s, what, n) != 0)
		return false;
	in->s += n;
	in->len -= n;
	return true;
}

static char unescaped(char c)
{
	return (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c);
}

/* "text" with Go's escapes, as far as they are one character, or `text`. */
static bool take_string(struct arena *a, struct span *in, const char **out)
{
	char *text = arena_alloc(a, in->len + 1), *to = text, quote;
	const char *p, *end = in->s + in->len;

	skip_blanks(in);
	if (!in->len || (*in->s != '"' && *in->s != '`'))
		return false;
	quote = *in->s;
	for (p = in->s + 1; p < end && *p != quote; p++) {
		if (quote == '"' && *p == '\\' && ++p < end && strchr("nrt\\\"'", *p))
			*to++ = unescaped(*p);
		else if (p >= end || (quote == '"' && p[-1] == '\\'))
			return false;
		else
			*to++ = *p;
	}
	if (p >= end || memchr(text, '\0', (size_t)(to - text)))
		return false;
	*to = '\0';
	*out = text;
	*in = (struct span){p + 1, (size_t)(end - p - 1)};
	return true;
}

static const struct {
	const char *sign;
	bool of_line, regex, negated;
} signs[] = {
	{"=~", false, true, false}, {"!~", false, true, true}, {"!=", false, false, true}, {"=", false, false, false},
	{"|=", true, false, false}, {"|~", true, true, false}, {"!=", true, false, true},  {"!~", true, true, true},
};

static bool take_sign(struct span *in, bool of_line, struct selector_part *part)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (signs[i].of_line == of_line && take(in, signs[i].sign)) {
			part->regex = signs[i].regex;
			part->negated = signs[i].negated;
			return true;
		}
	return false;
}

static bool take_name(struct arena *a, struct span *in, const char **out)
{
	size_t n = 0;

	skip_blanks(in);
	while (n < in->len && (isalnum((unsigned char)in->s[n]) || in->s[n] == '_'))
		n++;
	*out = arena_strndup(a, in->s, n);
	in->s += n;
	in->len -= n;
	return n > 0;
}

static bool take_matchers(struct arena *a, struct span *in, struct selector *out)
{
	if (!take(in, "{"))
		return false;
	while (!take(in, "}")) {
		struct selector_part *part = &out->parts[out->n];

		if (out->n == SELECTOR_PARTS || !take_name(a, in, &part->label) || !take_sign(in, false, part) ||
		    !take_string(a, in, &part->value))
			return false;
		out->n++;
		(void)take(in, ",");
	}
	return true;
}

int selector_parse(struct arena *a, struct span text, struct selector *out, struct err *err)
{
	struct span in = text;

	*out = (struct selector){0};
	if (!take_matchers(a, &in, out))
		return err_set(err, "the selector is none that can be read; write {label=\"value\"} |= \"text\"");
	for (skip_blanks(&in); in.len; skip_blanks(&in)) {
		struct selector_part *part = &out->parts[out->n];

		if (out->n == SELECTOR_PARTS || !take_sign(&in, true, part) || !take_string(a, &in, &part->value))
			return err_set(err, "the selector has more than labels and line filters; write only those");
		part->label = NULL;
		out->n++;
	}
	return 0;
}
