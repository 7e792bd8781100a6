#include "config/expand.h"

#include <ctype.h>

#include "base/buf.h"

static bool name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static struct span take_name(struct span *rest)
{
	struct span name = {rest->s, 0};

	while (name.len < rest->len && (name_start(name.s[name.len]) || isdigit((unsigned char)name.s[name.len])))
		name.len++;
	rest->s += name.len;
	rest->len -= name.len;
	return name;
}

/* *rest stands behind "${" at a valid name. */
static int expand_one(struct arena *a, struct span *rest, struct buf *out, struct err *err)
{
	struct span name = take_name(rest);
	const char *z = arena_strndup(a, name.s, name.len);
	int shown = name.len > 64 ? 64 : (int)name.len;
	const char *value = getenv(z);
	struct span body;

	if (!scan_until(rest, '}', &body))
		return err_set(err, "${%.*s is not closed; write ${%.*s}, or $$ for a dollar", shown, z, shown, z);
	if (body.len && !span_starts(body, ":-"))
		return err_set(err,
		               "${%.*s has something other than :- behind its name; write ${%.*s} or "
		               "${%.*s:-default}, or $$ for a dollar",
		               shown, z, shown, z, shown, z);
	if (value && (*value || !body.len))
		buf_puts(out, value);
	else if (body.len)
		buf_put(out, body.s + 2, body.len - 2);
	else
		return err_set(err, "the variable %.*s is not set; set it or give a default: ${%.*s:-default}", shown,
		               z, shown, z);
	return 0;
}

static bool starts_expansion(struct span s)
{
	return s.len >= 3 && s.s[1] == '{' && name_start(s.s[2]);
}

static int expand_all(struct arena *a, struct span rest, struct buf *b, struct err *err)
{
	struct span plain;

	while (scan_until(&rest, '$', &plain)) {
		struct span dollar = {rest.s - 1, rest.len + 1};

		buf_put(b, plain.s, plain.len);
		if (starts_expansion(dollar)) {
			rest = (struct span){dollar.s + 2, dollar.len - 2};
			if (expand_one(a, &rest, b, err) < 0)
				return -1;
		} else {
			buf_putc(b, '$');
			if (rest.len && *rest.s == '$')
				rest = (struct span){rest.s + 1, rest.len - 1};
		}
	}
	buf_put(b, rest.s, rest.len);
	return 0;
}

int expand_env(struct arena *a, struct span text, struct span *out, bool *expanded, struct err *err)
{
	struct buf CLEANUP_BUF b = {.max = EXPAND_MAX};

	*out = text;
	*expanded = memchr(text.s, '$', text.len) != NULL;
	if (!*expanded)
		return 0;
	if (expand_all(a, text, &b, err) < 0)
		return -1;
	if (b.failed)
		return err_set(err, "longer than 1 MiB once its variables are in; shorten them");
	*out = (struct span){arena_strndup(a, b.data ? b.data : "", b.len), b.len};
	return 0;
}
