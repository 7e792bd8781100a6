#include "config/env_vars.h"

#include <ctype.h>

enum { NESTING_MAX = 8 };

struct replacer {
	enum env_vars kind;
	const struct env_lookup *vars;
	struct buf *out;
	struct err *err;
	int nesting;
};

static int replace(struct replacer *r, struct span text);

static bool is_name(char c, size_t i)
{
	return isalpha((unsigned char)c) || c == '_' || (i && isdigit((unsigned char)c));
}

static bool is_capital(char c, size_t i)
{
	(void)i;
	return isupper((unsigned char)c) || c == '_' || isdigit((unsigned char)c);
}

static size_t name_length(struct span s, bool (*fits)(char, size_t))
{
	size_t n = 0;

	while (n < s.len && fits(s.s[n], n))
		n++;
	return n;
}

static const char *value_of(const struct replacer *r, struct span name)
{
	return r->vars->get(r->vars, name);
}

static void put_value(struct replacer *r, struct span name)
{
	const char *value = value_of(r, name);

	buf_puts(r->out, value ? value : "");
}

static size_t keep_dollar(struct replacer *r)
{
	buf_putc(r->out, '$');
	return 1;
}

/* Length of what is inside of the braces, with those inside of it; SIZE_MAX when they are not closed. */
static size_t inside_length(struct span s)
{
	size_t open = 1;

	for (size_t i = 0; i < s.len; i++) {
		if (s.s[i] == '{' && i && s.s[i - 1] == '$')
			open++;
		if (s.s[i] == '}' && !--open)
			return i;
	}
	return SIZE_MAX;
}

static int bad_name(struct replacer *r)
{
	return err_set(r->err,
	               "${ begins no variable that could be read; write ${NAME}, or put the value in single quotes");
}

/* `rest` is ":-x", "?x" and so on, behind the name. */
static int replace_with_word(struct replacer *r, struct span name, struct span rest)
{
	const char *value = value_of(r, name);
	bool or_empty = *rest.s == ':';
	bool have = value && (!or_empty || *value);
	struct span word = {rest.s + 1 + or_empty, rest.len - 1 - or_empty};
	char sign = rest.len > or_empty ? rest.s[or_empty] : '\0';

	if (!sign || !strchr("-+?", sign))
		return bad_name(r);
	if (sign == '+')
		return have ? replace(r, word) : 0;
	if (have)
		buf_puts(r->out, value);
	else if (sign == '-')
		return replace(r, word);
	else
		return err_set(r->err, "it needs the variable %.*s, which is not set; set it",
		               name.len > 64 ? 64 : (int)name.len, name.s);
	return 0;
}

static size_t replace_braced(struct replacer *r, struct span at)
{
	struct span inside = {at.s + 2, at.len - 2}, rest;
	size_t length = inside_length(inside), n;

	if (length == SIZE_MAX) {
		bad_name(r);
		return 0;
	}
	inside.len = length;
	n = name_length(inside, is_name);
	if (!n && r->kind == ENV_VARS_BASH && name_length(inside, is_capital) == length && length)
		return length + 3; /* ${1}: nothing */
	rest = (struct span){inside.s + n, inside.len - n};
	inside.len = n;
	if (!n)
		bad_name(r);
	else if (!rest.len)
		put_value(r, inside);
	if (!n || (rest.len && replace_with_word(r, inside, rest) < 0))
		return 0;
	return length + 3;
}

static size_t replace_usual(struct replacer *r, struct span at)
{
	struct span name = {at.s + 1, at.len - 1};

	if (name.len && *name.s == '{')
		return replace_braced(r, at);
	name.len = name_length(name, is_name);
	if (name.len) {
		put_value(r, name);
		return name.len + 1;
	}
	if (r->kind == ENV_VARS_BASH && at.len > 1) {
		if (isdigit((unsigned char)at.s[1]))
			return 2;
		if (strchr("$!?#@*-('", at.s[1]))
			return 0;
	}
	if (r->kind == ENV_VARS_COMPOSE && at.len > 1 && at.s[1] == '$')
		return keep_dollar(r) + 1;
	return keep_dollar(r);
}

static size_t replace_capitals(struct replacer *r, struct span at)
{
	size_t open = at.len > 1 && at.s[1] == '{' ? 2 : 1;
	struct span name = {at.s + open, at.len - open};

	name.len = name_length(name, is_capital);
	if (!name.len)
		return keep_dollar(r);
	put_value(r, name);
	open += name.len;
	return open + (open < at.len && at.s[open] == '}');
}

static size_t replace_braces(struct replacer *r, struct span at)
{
	struct span rest = {at.s + 2, at.len - 2}, inside, name;
	const char *value;

	if (at.len < 3 || at.s[1] != '{' || !scan_until(&rest, '}', &inside))
		return keep_dollar(r);
	name = inside;
	if (scan_until(&inside, ':', &name) && !span_starts(inside, "-"))
		return keep_dollar(r);
	value = value_of(r, name);
	if (value)
		buf_puts(r->out, value);
	else if (name.s + name.len < inside.s)
		buf_put(r->out, inside.s + 1, inside.len - 1);
	return (size_t)(rest.s - at.s);
}

static size_t replace_one(struct replacer *r, struct span at)
{
	if (r->kind == ENV_VARS_CAPITALS)
		return replace_capitals(r, at);
	return r->kind == ENV_VARS_BRACES ? replace_braces(r, at) : replace_usual(r, at);
}

static int replace(struct replacer *r, struct span text)
{
	int result = 0;

	if (r->nesting++ == NESTING_MAX)
		return err_set(r->err, "variables are nested too deep; write the value out");
	while (text.len && !result) {
		const char *dollar = memchr(text.s, '$', text.len);
		size_t plain = dollar ? (size_t)(dollar - text.s) : text.len, step = 0;

		/* the oldest Compose lets a backslash protect a dollar */
		if (r->kind == ENV_VARS_CAPITALS && dollar && plain && dollar[-1] == '\\') {
			buf_put(r->out, text.s, plain - 1);
			step = keep_dollar(r);
		} else {
			buf_put(r->out, text.s, plain);
			if (dollar)
				step = replace_one(r, (struct span){dollar, text.len - plain});
			result = dollar && !step ? -1 : 0;
		}
		text = (struct span){text.s + plain + step, text.len - plain - step};
	}
	r->nesting--;
	return result;
}

int env_replace(struct span text, enum env_vars kind, const struct env_lookup *vars, struct buf *out, struct err *err)
{
	struct replacer r = {kind, vars, out, err, 0};

	return replace(&r, text);
}

size_t env_replace_one(struct span at, enum env_vars kind, const struct env_lookup *vars, struct buf *out,
                       struct err *err)
{
	struct replacer r = {kind, vars, out, err, 0};

	return replace_one(&r, at);
}
