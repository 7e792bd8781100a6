#include "config/env_rules.h"

#include <ctype.h>

#include "config/env_vars.h"

static bool is_blank(char c)
{
	return c && strchr(" \t\v\f\r", c);
}

static struct span skip_blanks(struct span s)
{
	while (s.len && is_blank(*s.s))
		s = (struct span){s.s + 1, s.len - 1};
	return s;
}

static struct span first_line(struct span s)
{
	const char *end = memchr(s.s, '\n', s.len);

	return end ? (struct span){s.s, (size_t)(end - s.s)} : s;
}

static bool is_quoted(struct span s)
{
	return s.len && (*s.s == '\'' || *s.s == '"');
}

static size_t find(struct span s, const char *what)
{
	const char *at = memmem(s.s, s.len, what, strlen(what));

	return at ? (size_t)(at - s.s) : s.len;
}

/* The text between the quote that `s` begins with and the next one that no backslash precedes; false when there is
 * none. */
static bool take_quoted(struct span *s, struct span *inside)
{
	char quote = *s->s;

	for (size_t i = 1; i < s->len; i++) {
		if (s->s[i] == '\\')
			i++;
		else if (s->s[i] == quote) {
			*inside = (struct span){s->s + 1, i - 1};
			*s = (struct span){s->s + i + 1, s->len - i - 1};
			return true;
		}
	}
	return false;
}

/* What \x stands for; '\0' where the program keeps the backslash. `meant` has pairs: "n\nt\t". */
static char unescape(char c, const char *meant)
{
	for (; *meant; meant += 2)
		if (*meant == c)
			return meant[1];
	return '\0';
}

static void put_unescaped(struct buf *out, struct span s, const char *meant)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.s[i] == '\\' && i + 1 < s.len ? unescape(s.s[i + 1], meant) : '\0';

		if (c)
			i++;
		buf_putc(out, c ? c : s.s[i]);
	}
}

/* Compose knows \0 with up to three octal digits, and hands \$ on as $$ to what replaces variables. */
static size_t put_compose_escape(struct buf *out, struct span s)
{
	static const char meant[] = "a\ab\bf\fn\nr\rt\tv\v\\\\\"\"";
	char c = s.len > 1 ? unescape(s.s[1], meant) : '\0';
	unsigned code = 0;
	size_t n = 2;

	if (c) {
		buf_putc(out, c);
	} else if (s.len > 1 && s.s[1] == '$') {
		buf_puts(out, "$$");
	} else if (s.len > 4 && s.s[1] == '0' && strspn(s.s + 2, "01234567") >= 3) {
		for (; n < 5; n++)
			code = code * 8 + (unsigned)(s.s[n] - '0');
		buf_putc(out, (char)code);
	} else {
		buf_putc(out, '\\');
		return 1;
	}
	return n;
}

static void put_compose_double(struct buf *out, struct span inside)
{
	for (size_t i = 0; i < inside.len;) {
		if (inside.s[i] == '\\')
			i += put_compose_escape(out, (struct span){inside.s + i, inside.len - i});
		else
			buf_putc(out, inside.s[i++]);
	}
}

static int read_quoted(struct span *rest, const struct env_lookup *vars, struct buf *out, struct err *err)
{
	struct buf CLEANUP_BUF escaped = {.max = ENV_MAX_VALUE};
	char quote = *rest->s;
	struct span inside;

	if (!take_quoted(rest, &inside))
		return err_set(err,
		               "the quote is never closed; close it, or put a value that holds ' in double quotes");
	if (quote == '\'') {
		put_unescaped(out, inside, "''");
		return 0;
	}
	put_compose_double(&escaped, inside);
	return env_replace((struct span){escaped.data ? escaped.data : "", escaped.len}, ENV_VARS_COMPOSE, vars, out,
	                   err);
}

int env_read_value(struct span *rest, const struct env_lookup *vars, struct buf *out, struct err *err)
{
	struct span line;

	*rest = skip_blanks(*rest);
	if (is_quoted(*rest))
		return read_quoted(rest, vars, out, err);
	line = first_line(*rest);
	*rest = (struct span){rest->s + line.len, rest->len - line.len};
	line.len = find(line, " #");
	return env_replace(span_trim(line), ENV_VARS_COMPOSE, vars, out, err);
}

static bool read_compose(const struct env_statement *s, const struct env_lookup *vars, struct buf *out)
{
	struct span rest = s->raw;
	struct err err;

	return env_read_value(&rest, vars, out, &err) == 0;
}

static bool read_compose_old(const struct env_statement *s, const struct env_lookup *vars, struct buf *out)
{
	struct buf CLEANUP_BUF escaped = {.max = ENV_MAX_VALUE};
	struct span rest = skip_blanks(s->raw), inside;
	bool literal = rest.len && *rest.s == '\'';
	struct err err;

	if (!is_quoted(rest)) {
		rest = first_line(rest);
		rest.len = find(rest, "#");
		return env_replace(span_trim(rest), ENV_VARS_CAPITALS, vars, out, &err) == 0;
	}
	if (!take_quoted(&rest, &inside))
		return false;
	if (literal) {
		buf_put(out, inside.s, inside.len);
		return true;
	}
	for (size_t i = 0; i < inside.len; i++) {
		bool pair = inside.s[i] == '\\' && i + 1 < inside.len && inside.s[i + 1] != '$';
		char c = pair ? inside.s[++i] : inside.s[i];

		buf_putc(&escaped, !pair ? c : c == 'n' ? '\n' : c == 'r' ? '\r' : c);
	}
	rest = (struct span){escaped.data ? escaped.data : "", escaped.len};
	return env_replace(rest, ENV_VARS_CAPITALS, vars, out, &err) == 0;
}

/* In double quotes bash takes a backslash away before these, and keeps it before others. */
static size_t bash_backslash(struct span s, bool quoted, struct buf *out)
{
	if (s.len < 2)
		return 1;
	if (quoted && !strchr("$`\"\\\n", s.s[1]))
		buf_putc(out, '\\');
	if (s.s[1] != '\n')
		buf_putc(out, s.s[1]);
	return 2;
}

static bool bash_single(struct span *rest, struct buf *out)
{
	struct span inside, from = {rest->s + 1, rest->len - 1};

	if (!scan_until(&from, '\'', &inside))
		return false;
	buf_put(out, inside.s, inside.len);
	*rest = from;
	return true;
}

static bool read_bash(const struct env_statement *s, const struct env_lookup *vars, struct buf *out)
{
	struct span rest = s->raw;
	bool quoted = false;

	if (s->colon || s->spaced || (rest.len && *rest.s == '~'))
		return false;
	while (rest.len) {
		char c = *rest.s;
		size_t step = 1;

		if (!quoted && isspace((unsigned char)c)) {
			rest = span_trim(rest);
			return !rest.len || *rest.s == '#';
		}
		if (c == '`' || (!quoted && strchr(";&|<>()", c)))
			return false;
		if (!quoted && c == '\'') {
			if (!bash_single(&rest, out))
				return false;
			continue;
		}
		if (c == '"')
			quoted = !quoted;
		else if (c == '\\')
			step = bash_backslash(rest, quoted, out);
		else if (c == '$')
			step = env_replace_one(rest, ENV_VARS_BASH, vars, out, &(struct err){""});
		else
			buf_putc(out, c);
		if (!step)
			return false;
		rest = (struct span){rest.s + step, rest.len - step};
	}
	return !quoted;
}

static bool dotenv_quoted(struct span rest, struct buf *out)
{
	const char *meant = *rest.s == '"' ? "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v" : "\\\\''";
	struct span inside;

	if (!take_quoted(&rest, &inside))
		return false;
	put_unescaped(out, inside, meant);
	rest = skip_blanks(first_line(rest));
	return !rest.len || *rest.s == '#';
}

static bool read_dotenv(const struct env_statement *s, const struct env_lookup *vars, struct buf *out)
{
	struct buf CLEANUP_BUF read = {.max = ENV_MAX_VALUE};
	struct span rest = skip_blanks(s->raw);

	if (s->colon)
		return false;
	if (is_quoted(rest)) {
		if (!dotenv_quoted(rest, &read))
			return false;
	} else {
		rest = first_line(rest);
		for (size_t i = 1; i < rest.len; i++)
			if (rest.s[i] == '#' && isspace((unsigned char)rest.s[i - 1]))
				rest.len = i;
		rest = span_trim(rest);
		buf_put(&read, rest.s, rest.len);
	}
	return env_replace((struct span){read.data ? read.data : "", read.len}, ENV_VARS_BRACES, vars, out,
	                   &(struct err){""}) == 0;
}

/* Bare text to the end of the line, without the white space there. */
static void systemd_bare(struct span rest, struct buf *out)
{
	size_t end = out->len;

	for (size_t i = 0; i < rest.len && rest.s[i] != '\n'; i++) {
		bool escaped = rest.s[i] == '\\' && i + 1 < rest.len;

		i += escaped;
		if (!escaped || rest.s[i] != '\n')
			buf_putc(out, rest.s[i]);
		if (escaped || !isspace((unsigned char)rest.s[i]))
			end = out->len;
	}
	out->len = end;
}

static bool systemd_quoted(struct span *rest, struct buf *out)
{
	char quote = *rest->s;
	size_t i = 1;

	for (; i < rest->len && rest->s[i] != quote; i++) {
		bool pair = quote == '"' && rest->s[i] == '\\' && i + 1 < rest->len;

		if (pair && strchr("\"\\`$\n", rest->s[i + 1]))
			i++;
		else if (pair)
			buf_putc(out, rest->s[i++]);
		if (!pair || rest->s[i] != '\n')
			buf_putc(out, rest->s[i]);
	}
	if (i == rest->len)
		return false;
	*rest = (struct span){rest->s + i + 1, rest->len - i - 1};
	return true;
}

static bool read_systemd(const struct env_statement *s, const struct env_lookup *vars, struct buf *out)
{
	struct span rest = skip_blanks(s->raw);

	(void)vars;
	if (s->colon || s->exported)
		return false;
	while (is_quoted(rest)) {
		if (!systemd_quoted(&rest, out))
			return false;
		rest = skip_blanks(rest);
	}
	systemd_bare(rest, out);
	return true;
}

static const struct {
	const char *name;
	bool (*read)(const struct env_statement *s, const struct env_lookup *vars, struct buf *out);
} readers[ENV_READERS] = {
	[ENV_COMPOSE] = {"Compose", read_compose}, [ENV_COMPOSE_OLD] = {"Compose 2.3-2.6", read_compose_old},
	[ENV_BASH] = {"bash", read_bash},          [ENV_DOTENV] = {"python-dotenv", read_dotenv},
	[ENV_SYSTEMD] = {"systemd", read_systemd},
};

bool env_read(enum env_reader reader, const struct env_statement *s, const struct env_lookup *vars, struct buf *out)
{
	return readers[reader].read(s, vars, out) && !out->failed;
}

const char *env_reader_name(enum env_reader reader)
{
	return readers[reader].name;
}
