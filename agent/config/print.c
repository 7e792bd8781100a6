#include "config/print.h"

#include <ctype.h>

#include "base/num.h"
#include "base/utf8.h"
#include "config/parse.h"
#include "config/regex.h"

static void print_map(const struct field *fields, const char *bound, int depth, struct buf *out);
static void print_row(const struct field *f, const char *at, int depth, struct buf *out);

static void indent(struct buf *out, int depth)
{
	buf_printf(out, "%*s", 2 * depth, "");
}

static bool is_plain(const char *s)
{
	if (!isalnum((unsigned char)*s) && *s != '/')
		return false;
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !(strchr("_./-", *p) || (*p == ':' && isalnum((unsigned char)p[1]))))
			return false;
	return strcmp(s, "null") != 0;
}

static unsigned code_point(const char *s, size_t len)
{
	unsigned c = (unsigned char)*s;

	if (len > 1)
		c &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return c;
}

/* What would break a line, or what YAML does not allow to stand bare. */
static bool needs_escape(unsigned c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff || c == 0xfffe ||
	       c == 0xffff;
}

static size_t char_len(const char *s, const char *end)
{
	size_t len = utf8_len(s, end);

	return len ? len : 1;
}

static bool is_tame(const char *s)
{
	for (const char *end = s + strlen(s); s < end; s += char_len(s, end))
		if (needs_escape(code_point(s, char_len(s, end))))
			return false;
	return true;
}

/* A $ that would be read as the beginning of something in a value is doubled. */
static bool doubles(const char *dollar)
{
	return dollar[1] == '$' || (dollar[1] == '{' && (isalpha((unsigned char)dollar[2]) || dollar[2] == '_'));
}

static void put_char(struct buf *out, const char *s, size_t len, char quote, bool is_value)
{
	unsigned c = code_point(s, len);

	if (c == '$' && is_value && doubles(s))
		buf_puts(out, "$$");
	else if (quote == '\'' && c == '\'')
		buf_puts(out, "''");
	else if (quote == '"' && (c == '"' || c == '\\'))
		buf_printf(out, "\\%c", (char)c);
	else if (quote == '"' && needs_escape(c))
		buf_printf(out, "\\u%04x", c);
	else
		buf_put(out, s, len);
}

static void put_quoted(struct buf *out, const char *s, bool is_value)
{
	const char *end = s + strlen(s);
	char quote = is_tame(s) ? '\'' : '"';

	if (is_plain(s)) {
		buf_puts(out, s);
		return;
	}
	buf_putc(out, quote);
	for (; s < end; s += char_len(s, end))
		put_char(out, s, char_len(s, end), quote, is_value);
	buf_putc(out, quote);
}

void config_put_text(struct buf *out, const char *s)
{
	put_quoted(out, s, true);
}

void config_put_key(struct buf *out, const char *s)
{
	put_quoted(out, s, false);
}

static void put_list(struct buf *out, const struct string_list *list)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i ? ", " : "");
		config_put_text(out, list->items[i]);
	}
	buf_putc(out, ']');
}

static void put_refs(struct buf *out, const struct ref_list *list)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i ? ", " : "");
		config_put_text(out, list->items[i].name);
	}
	buf_putc(out, ']');
}

static void put_pairs(struct buf *out, const struct string_map *map)
{
	buf_putc(out, '{');
	for (size_t i = 0; i < map->n; i++) {
		buf_puts(out, i ? ", " : "");
		put_quoted(out, map->items[i].key, false);
		buf_puts(out, ": ");
		config_put_text(out, map->items[i].value);
	}
	buf_putc(out, '}');
}

static void put_double(struct buf *out, double v)
{
	char text[NUM_MAX];

	buf_put(out, text, num_format(v, text));
}

static void put_value(struct buf *out, const struct field *f, const void *at)
{
	switch (f->type) {
	case FIELD_BOOL: buf_puts(out, *(const bool *)at ? "true" : "false"); break;
	case FIELD_INT: buf_printf(out, "%lld", (long long)*(const int64_t *)at); break;
	case FIELD_DOUBLE: put_double(out, *(const double *)at); break;
	case FIELD_DURATION: format_duration(out, *(const int64_t *)at); break;
	case FIELD_SIZE: format_size(out, *(const uint64_t *)at); break;
	case FIELD_STRING: config_put_text(out, *(const char *const *)at); break;
	case FIELD_ENUM: config_put_text(out, f->names[*(const int *)at]); break;
	case FIELD_REF: config_put_text(out, ((const struct ref *)at)->name); break;
	case FIELD_REGEX: config_put_text(out, regex_pattern(*(const struct regex *const *)at)); break;
	case FIELD_SECRET: buf_puts(out, "<secret>"); break;
	case FIELD_STRING_LIST: put_list(out, at); break;
	case FIELD_REF_LIST: put_refs(out, at); break;
	case FIELD_STRING_MAP: put_pairs(out, at); break;
	default: break;
	}
}

static bool is_pointer(enum field_type type)
{
	return type == FIELD_STRING || type == FIELD_REF || type == FIELD_REGEX || type == FIELD_SECRET ||
	       type == FIELD_SECTION;
}

static bool is_unset(enum field_type type, const void *at)
{
	const struct ref_list *refs = at;

	if (type == FIELD_REF_LIST)
		return !refs->n || !refs->items[0].name;
	return is_pointer(type) && !*(const void *const *)at;
}

static void print_struct(const struct field *f, const char *at, int depth, struct buf *out)
{
	size_t before;

	buf_puts(out, ":\n");
	before = out->len;
	print_map(f->fields, at, depth + 1, out);
	if (out->len == before && before) {
		out->len--;
		buf_puts(out, " {}\n");
	}
}

static void print_item(const struct field *f, const char *item, int depth, struct buf *out)
{
	size_t before = out->len;

	print_map(f->fields, item, depth + 1, out);
	if (out->failed)
		return;
	if (out->len == before) {
		indent(out, depth);
		buf_puts(out, "- {}\n");
	} else {
		out->data[before + 2 * (size_t)depth] = '-';
	}
}

static void print_list(const struct field *f, const struct list *list, int depth, struct buf *out)
{
	buf_puts(out, list->n ? ":\n" : ": []\n");
	for (size_t i = 0; i < list->n; i++)
		print_item(f, (const char *)list->items + i * f->item_size, depth + 1, out);
}

static void print_choices(const struct list *list, int depth, struct buf *out)
{
	const struct chosen *choices = list->items;

	buf_puts(out, list->n ? ":\n" : ": []\n");
	for (size_t i = 0; i < list->n; i++) {
		size_t before = out->len;

		print_row(choices[i].field, choices[i].value, depth + 2, out);
		if (!out->failed)
			out->data[before + 2 * (size_t)(depth + 1)] = '-';
	}
}

static void print_row(const struct field *f, const char *at, int depth, struct buf *out)
{
	indent(out, depth);
	buf_puts(out, f->name);
	if (f->type == FIELD_STRUCT) {
		print_struct(f, at, depth, out);
	} else if (f->type == FIELD_SECTION) {
		print_struct(f, *(const char *const *)(const void *)at, depth, out);
	} else if (f->type == FIELD_LIST) {
		print_list(f, (const void *)at, depth, out);
	} else if (f->type == FIELD_CHOICES) {
		print_choices((const void *)at, depth, out);
	} else {
		buf_puts(out, ": ");
		put_value(out, f, at);
		buf_putc(out, '\n');
	}
}

static void print_map(const struct field *fields, const char *bound, int depth, struct buf *out)
{
	for (const struct field *f = fields; f->name; f++) {
		const char *at = bound + f->offset;

		if (!is_unset(f->type, at))
			print_row(f, at, depth, out);
	}
}

void config_print(const struct field *fields, const void *bound, struct buf *out)
{
	print_map(fields, bound, 0, out);
}

static void put_names(struct buf *out, const char *lead, const char *const *names)
{
	for (size_t i = 0; names[i]; i++)
		buf_printf(out, "%s`%s`", i ? ", " : lead, names[i]);
}

static void put_limit(struct buf *out, const struct field *f, int64_t limit)
{
	if (f->type == FIELD_DURATION)
		format_duration(out, limit);
	else if (f->type == FIELD_SIZE)
		format_size(out, (uint64_t)limit);
	else
		buf_printf(out, "%lld", (long long)limit);
}

static void put_limits(struct buf *out, const struct field *f)
{
	if (!f->min && !f->max)
		return;
	buf_puts(out, ", from ");
	put_limit(out, f, f->min);
	if (f->max == INT64_MAX)
		return;
	buf_puts(out, " to ");
	put_limit(out, f, f->max);
}

static void put_facts(struct buf *out, const struct field *f)
{
	if (f->type == FIELD_ENUM)
		put_names(out, "one of ", f->names);
	else
		buf_puts(out, parse_type_name(f->type));
	if (f->refers)
		buf_printf(out, " of `%s`", f->refers);
	if (f->type == FIELD_STRING_LIST && f->names)
		put_names(out, " of ", f->names);
	put_limits(out, f);
	if (f->def)
		buf_printf(out, ", default `%s`", f->def);
	if (f->required)
		buf_puts(out, ", required");
}

static void refer(const struct field *fields, const char *path, struct buf *out)
{
	for (const struct field *f = fields; f->name; f++) {
		struct buf CLEANUP_BUF here = {0};

		buf_printf(&here, "%s%s%s%s", path, *path ? "." : "", f->name,
		           f->type == FIELD_LIST || f->type == FIELD_CHOICES ? "[]" : "");
		buf_printf(out, "- `%s`", here.data);
		if (f->type == FIELD_SECRET)
			buf_printf(out, " or `%s_file`", here.data);
		buf_puts(out, " (");
		put_facts(out, f);
		buf_printf(out, "): %s\n", f->help ? f->help : "");
		if (f->fields)
			refer(f->fields, here.data, out);
	}
}

void config_reference(const struct field *fields, struct buf *out)
{
	refer(fields, "", out);
}
