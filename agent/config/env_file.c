#include "config/env_file.h"

#include <ctype.h>
#include <stdarg.h>

#include "base/file.h"
#include "config/env_rules.h"

enum { WARNINGS_SHOWN = 100, VALUES_MAX = 4 * ENV_MAX_BYTES };

struct parser {
	struct arena *a;
	const char *path;
	struct env_file *out;
	struct faults *faults;
	const char *begin; /* of the text, for line numbers */
	struct span rest;
	const char *counted; /* up to here, newlines are in `line` */
	size_t line;
	size_t bytes; /* of all values */
	struct env_lookup vars;
};

static size_t line_of(struct parser *p, const char *at)
{
	for (; p->counted < at; p->counted++)
		p->line += *p->counted == '\n';
	return p->line;
}

static void PRINTF(3, 4) warn(struct parser *p, size_t line, const char *fmt, ...)
{
	struct buf CLEANUP_BUF what = {0};
	char text[512];
	va_list ap;

	if (p->out->n_warnings == WARNINGS_SHOWN)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&what, "%s:%zu: %s", p->path, line, text);
	p->out->warnings[p->out->n_warnings++] = arena_strdup(p->a, what.data);
}

static struct env_pair *find_pair(const struct env_file *env, struct span name)
{
	for (size_t i = 0; i < env->n; i++)
		if (span_eq(name, env->pairs[i].name))
			return &env->pairs[i];
	return NULL;
}

static const char *get_variable(const struct env_lookup *self, struct span name)
{
	const struct parser *p = self->owner;
	const struct env_pair *pair = find_pair(p->out, name);
	char text[256];

	if (span_copy(name, text, sizeof(text)) && getenv(text))
		return getenv(text);
	return pair ? pair->value : NULL;
}

static void store(struct parser *p, struct span name, const char *value, size_t line)
{
	struct env_pair *pair = find_pair(p->out, name);

	if (!pair && p->out->n == ENV_MAX_PAIRS) {
		faults_add(p->faults, p->path, line, 1, "more than %d variables; remove some", ENV_MAX_PAIRS);
		p->rest.len = 0;
		return;
	}
	if (!pair)
		pair = &p->out->pairs[p->out->n++];
	*pair = (struct env_pair){arena_strndup(p->a, name.s, name.len), value, line};
}

static void skip(struct parser *p, size_t n)
{
	p->rest = (struct span){p->rest.s + n, p->rest.len - n};
}

static void skip_line(struct parser *p)
{
	struct span line;

	scan_line(&p->rest, &line);
}

/* White space, empty lines and comments; false at the end. */
static bool find_statement(struct parser *p)
{
	while (p->rest.len) {
		if (*p->rest.s == '#')
			skip_line(p);
		else if (isspace((unsigned char)*p->rest.s))
			skip(p, 1);
		else
			return true;
	}
	return false;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_.-[]", c));
}

static void take_export(struct parser *p, struct env_statement *s)
{
	if (span_starts(p->rest, "export") && p->rest.len > 6 && (p->rest.s[6] == ' ' || p->rest.s[6] == '\t')) {
		s->exported = true;
		skip(p, 6);
		while (p->rest.len && (*p->rest.s == ' ' || *p->rest.s == '\t'))
			skip(p, 1);
	}
}

/* The name and its = (or :). *inherited: there is none, the name stands alone. False after a fault. */
static bool take_name(struct parser *p, struct span *name, struct env_statement *s, bool *inherited)
{
	size_t line = line_of(p, p->rest.s), n = 0;

	while (n < p->rest.len && is_name_char(p->rest.s[n]))
		n++;
	*name = (struct span){p->rest.s, n};
	skip(p, n);
	while (p->rest.len && *p->rest.s != '\n' && isspace((unsigned char)*p->rest.s)) {
		s->spaced = true;
		skip(p, 1);
	}
	*inherited = n && (!p->rest.len || *p->rest.s == '\n');
	if (*inherited)
		return true;
	if (!n || (*p->rest.s != '=' && *p->rest.s != ':')) {
		faults_add(p->faults, p->path, line, 1,
		           "no variable; write NAME=value (a value of several lines must be in quotes)");
		skip_line(p);
		return false;
	}
	s->colon = *p->rest.s == ':';
	skip(p, 1);
	return true;
}

static void take_value(struct parser *p, struct span name, struct env_statement *s, size_t line)
{
	struct buf CLEANUP_BUF value = {.max = ENV_MAX_VALUE}, differ = {0};
	int shown = name.len > 64 ? 64 : (int)name.len;
	struct span from = p->rest, after;
	struct err err;

	if (env_read_value(&p->rest, &p->vars, &value, &err) < 0) {
		faults_add(p->faults, p->path, line, 1, "%.*s: %s", shown, name.s, err.text);
		skip_line(p);
		return;
	}
	p->bytes += value.len;
	if (value.failed || p->bytes > VALUES_MAX) {
		faults_add(p->faults, p->path, line, 1,
		           "%.*s: longer than 64 KiB, or 4 MiB with what is above; shorten it", shown, name.s);
		p->rest.len = value.failed ? p->rest.len : 0;
		return;
	}
	after = p->rest;
	if (!scan_until(&after, '\n', &s->raw))
		s->raw = after;
	s->raw = (struct span){from.s, (size_t)(s->raw.s + s->raw.len - from.s)};
	env_compare(s, &p->vars, &differ);
	if (differ.len)
		warn(p, line, "%.*s: programs disagree about this value: %s", shown, name.s, differ.data);
	store(p, name, arena_strndup(p->a, value.data ? value.data : "", value.len), line);
}

static void take_statement(struct parser *p)
{
	struct env_statement s = {.raw = {"", 0}};
	size_t line = line_of(p, p->rest.s);
	struct span name;
	bool inherited;

	take_export(p, &s);
	if (!take_name(p, &name, &s, &inherited))
		return;
	if (!inherited) {
		take_value(p, name, &s, line);
		return;
	}
	if (get_variable(&p->vars, name))
		store(p, name, get_variable(&p->vars, name), line);
}

/* Lines end in \n from here on, as Compose has it. */
static struct span without_cr(struct parser *p, const char *text, size_t len)
{
	char *copy = arena_strndup(p->a, text, len);
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] != '\r' || i + 1 == len || text[i + 1] != '\n')
			copy[n++] = text[i];
	copy[n] = '\0';
	if (n < len)
		warn(p, 1, "lines end in CR LF, and bash takes the CR into each value; save the file with LF alone");
	return (struct span){copy, n};
}

int env_file_parse(struct arena *a, const char *path, const char *text, size_t len, struct env_file *out,
                   struct faults *faults)
{
	struct parser p = {.a = a, .path = path, .out = out, .faults = faults, .line = 1};
	size_t before = faults->n;
	size_t bom = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

	p.vars = (struct env_lookup){get_variable, &p};
	*out = (struct env_file){.pairs = ARENA_ARRAY(a, struct env_pair, ENV_MAX_PAIRS),
	                         .warnings = ARENA_ARRAY(a, const char *, WARNINGS_SHOWN)};
	if (memchr(text, '\0', len)) {
		faults_add(faults, path, 0, 0,
		           "holds NUL characters; it is no text, so check that it is the right file");
		return -1;
	}
	if (bom)
		warn(&p, 1,
		     "begins with a byte order mark, which bash and systemd take into the first name; save it without");
	p.rest = without_cr(&p, text + bom, len - bom);
	p.begin = p.counted = p.rest.s;
	while (find_statement(&p))
		take_statement(&p);
	return faults->n == before ? 0 : -1;
}

int env_file_load(struct arena *a, const char *path, struct env_file *out, struct faults *faults)
{
	struct arena CLEANUP(arena_fini) scratch = {0};
	struct err err;
	char *text;
	size_t len;

	if (file_read(&scratch, path, ENV_MAX_BYTES, &text, &len, &err) < 0) {
		faults_add(faults, path, 0, 0,
		           "%s; check --env-file, and that the user that vedette runs as may read it",
		           span_starts(span_of(err.text), path) ? err.text + strlen(path) + 2 : err.text);
		return -1;
	}
	return env_file_parse(a, path, text, len, out, faults);
}

void env_file_apply(const struct env_file *env)
{
	for (size_t i = 0; i < env->n; i++)
		setenv(env->pairs[i].name, env->pairs[i].value, 0);
}
