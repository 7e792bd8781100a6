#include "convert/writer.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/num.h"
#include "config/parse.h"
#include "config/print.h"

enum { SHOWN_MAX = 64, PAIRS_STEP = 16, PAIRS_MAX = 512 };

void conversion_fini(struct conversion *c)
{
	buf_fini(&c->out);
	buf_fini(&c->said);
}

const char *shown(struct writer *w, struct span name)
{
	size_t n = name.len < SHOWN_MAX ? name.len : SHOWN_MAX;
	char *text;

	while (n < name.len && n && ((unsigned char)name.s[n] & 0xc0) == 0x80)
		n--;
	text = arena_strndup(w->a, name.s, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	return text;
}

static void put_note(struct writer *w, const struct node *at, const char *what)
{
	struct buf CLEANUP_BUF line = {0};
	const struct buf *said = &w->to->said;

	buf_printf(&line, "%s:%zu:%zu: %s\n", w->file, at->line, at->column, what);
	buf_put(&w->comments, line.data, line.len);
	if (!said->len || !memmem(said->data, said->len, line.data, line.len))
		buf_put(&w->to->said, line.data, line.len);
}

void note(struct writer *w, const struct node *at, enum weight weight, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	w->to->lost += weight == NO_EQUAL;
	if (w->notes++ >= NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	put_note(w, at, w->notes == NOTES_MAX ? "and more that is not told; convert a smaller part" : what);
}

void write_comments(struct writer *w, int indent)
{
	struct span rest = {w->comments.data ? w->comments.data : "", w->comments.len}, line;

	if (w->holding)
		return;
	while (scan_line(&rest, &line))
		buf_printf(w->out, "%*s# %.*s\n", indent, "", (int)line.len, line.s);
	buf_reset(&w->comments);
}

static void begin_line(struct writer *w, int indent, const char *key)
{
	write_comments(w, indent);
	buf_printf(w->out, "%*s", indent, "");
	config_put_key(w->out, key);
	buf_putc(w->out, ':');
}

void write_head(struct writer *w, int indent, const char *key)
{
	begin_line(w, indent, key);
	buf_putc(w->out, '\n');
}

void write_text(struct writer *w, int indent, const char *key, const char *value)
{
	begin_line(w, indent, key);
	buf_putc(w->out, ' ');
	config_put_text(w->out, value);
	buf_putc(w->out, '\n');
}

static void put_list(struct writer *w, const struct string_list *list)
{
	buf_puts(w->out, " [");
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(w->out, i ? ", " : "");
		config_put_text(w->out, list->items[i]);
	}
	buf_puts(w->out, "]\n");
}

void write_list(struct writer *w, int indent, const char *key, const struct string_list *list)
{
	if (!list->n)
		return;
	begin_line(w, indent, key);
	put_list(w, list);
}

void write_item_list(struct writer *w, int indent, const char *key, const struct string_list *list)
{
	write_comments(w, indent);
	buf_printf(w->out, "%*s- %s:", indent, "", key);
	put_list(w, list);
}

void write_map(struct writer *w, int indent, const char *key, const struct string_map *map)
{
	if (!map->n)
		return;
	write_head(w, indent, key);
	for (size_t i = 0; i < map->n; i++)
		write_text(w, indent + 2, map->items[i].key, map->items[i].value);
}

const struct node *value_of(const struct node *map, const char *key)
{
	const struct node *found = map && map->kind == NODE_MAP ? node_find_key(map, span_of(key)) : NULL;

	return found && found->value && !node_is_null(found->value) ? found->value : NULL;
}

static const struct node *of_kind(struct writer *w, const struct node *map, const char *key, enum node_kind kind,
                                  const char *name)
{
	const struct node *value = value_of(map, key);

	if (!value || value->kind == kind)
		return value;
	note(w, value, NO_EQUAL, "%s: is %s where Promtail has %s; mend it there first", key, node_kind_name(value),
	     name);
	return NULL;
}

const struct node *list_of(struct writer *w, const struct node *map, const char *key)
{
	return of_kind(w, map, key, NODE_LIST, "a list");
}

const struct node *map_of(struct writer *w, const struct node *map, const char *key)
{
	return of_kind(w, map, key, NODE_MAP, "a section");
}

const char *text_of(struct writer *w, const struct node *map, const char *key)
{
	const struct node *value = of_kind(w, map, key, NODE_SCALAR, "a single value");

	return value ? scalar_text(w, value) : NULL;
}

bool truth_of(struct writer *w, const struct node *map, const char *key, bool otherwise)
{
	const char *text = text_of(w, map, key);

	return text ? !strcmp(text, "true") || !strcmp(text, "yes") || !strcmp(text, "on") : otherwise;
}

const char *scalar_text(struct writer *w, const struct node *node)
{
	if (node->kind == NODE_SCALAR && !memchr(node->text.s, '\0', node->text.len))
		return node->text.s;
	note(w, node, NO_EQUAL, "%s; Promtail has a single text here, so mend it there first",
	     node->kind == NODE_SCALAR ? "holds a NUL" : node_kind_name(node));
	return NULL;
}

struct string_list texts_of(struct writer *w, const struct node *node)
{
	const struct node *item = node->kind == NODE_LIST ? node->first : node;
	struct string_list list = {ARENA_ARRAY(w->a, const char *, node->n + 1), 0};

	for (; item; item = node->kind == NODE_LIST ? item->next : NULL) {
		const char *text = scalar_text(w, item);

		if (text)
			list.items[list.n++] = text;
	}
	return list;
}

struct string_map pairs_of(struct writer *w, const struct node *node, bool names_too)
{
	struct string_map map = {0};

	if (node->kind != NODE_MAP) {
		note(w, node, NO_EQUAL, "is %s where Promtail has a section; mend it there first",
		     node_kind_name(node));
		return map;
	}
	if (node->n > PAIRS_MAX) {
		note(w, node, NO_EQUAL, "has more than %d keys; write fewer", PAIRS_MAX);
		return map;
	}
	for (const struct node *key = node->first; key; key = key->next) {
		const char *name = scalar_text(w, key);
		const char *value = node_is_null(key->value) ? (names_too ? name : NULL) : scalar_text(w, key->value);

		if (name && names_too && value && !*value)
			value = name;
		if (name && value)
			pairs_set(w, &map, name, value);
	}
	return map;
}

void pairs_set(struct writer *w, struct string_map *map, const char *key, const char *value)
{
	for (size_t i = 0; i < map->n; i++)
		if (!strcmp(map->items[i].key, key)) {
			map->items[i].value = value;
			return;
		}
	if (map->n % PAIRS_STEP == 0) {
		struct string_pair *more = ARENA_ARRAY(w->a, struct string_pair, map->n + PAIRS_STEP);

		if (map->n)
			memcpy(more, map->items, sizeof(*more) * map->n);
		map->items = more;
	}
	map->items[map->n++] = (struct string_pair){key, value};
}

void pairs_remove(struct string_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (!strcmp(map->items[i].key, key)) {
			memmove(map->items + i, map->items + i + 1, sizeof(*map->items) * (map->n - i - 1));
			map->n--;
			return;
		}
}

const char *pairs_find(const struct string_map *map, const char *key)
{
	for (size_t i = 0; i < map->n; i++)
		if (!strcmp(map->items[i].key, key))
			return map->items[i].value;
	return NULL;
}

/* A number with a fraction and the unit behind it; false at the end, or where there is none. */
static bool take_amount(struct span *rest, double *amount, struct span *unit)
{
	size_t n = strspn(rest->s, "0123456789.");

	if (!n || !num_parse_double(rest->s, n, amount))
		return false;
	*unit = (struct span){rest->s + n, strcspn(rest->s + n, "0123456789.")};
	*rest = (struct span){unit->s + unit->len, rest->len - n - unit->len};
	return true;
}

static double factor_of(struct span unit, const char *const *names, const double *factors)
{
	for (size_t i = 0; names[i]; i++)
		if (unit.len == strlen(names[i]) && !strncasecmp(unit.s, names[i], unit.len))
			return factors[i];
	return 0;
}

const char *duration_text(struct writer *w, const struct node *node)
{
	static const char *const names[] = {"ns", "us", "µs", "ms", "s", "m", "h", "d", "w", NULL};
	static const double factors[] = {1e-6, 1e-3, 1e-3, 1, 1e3, 6e4, 36e5, 864e5, 6048e5};
	const char *text = scalar_text(w, node);
	struct span rest = span_of(text ? text : ""), unit;
	struct buf CLEANUP_BUF out = {0};
	double ms = 0, amount;
	bool good = rest.len > 0;

	if (!text)
		return NULL;
	while (good && rest.len) {
		good = take_amount(&rest, &amount, &unit) && factor_of(unit, names, factors) > 0;
		ms += good ? amount * factor_of(unit, names, factors) : 0;
	}
	if (!good || !(ms < 1e15)) {
		note(w, node, NO_EQUAL, "no duration that Promtail would take; write one such as 3s");
		return NULL;
	}
	if (ms > 0 && ms < 1)
		ms = 1; /* none at all would mean something else */
	format_duration(&out, (int64_t)(ms + 0.5) * 1000000);
	return arena_strdup(w->a, out.data);
}

const char *size_text(struct writer *w, const struct node *node)
{
	static const char *const names[] = {"", "b", "kb", "kib", "k", "mb", "mib", "m", "gb", "gib", "g", NULL};
	static const double factors[] = {1,       1,       1024,         1024,         1024,        1048576,
	                                 1048576, 1048576, 1073741824.0, 1073741824.0, 1073741824.0};
	const char *text = scalar_text(w, node);
	struct span rest = span_of(text ? text : ""), unit;
	struct buf CLEANUP_BUF out = {0};
	double amount = 0;

	if (!text)
		return NULL;
	if (!take_amount(&rest, &amount, &unit) || rest.len || factor_of(span_trim(unit), names, factors) <= 0 ||
	    !(amount < 1e6 * 1048576)) {
		note(w, node, NO_EQUAL, "no size that Promtail would take; write one such as 8kb");
		return NULL;
	}
	format_size(&out, (uint64_t)(amount * factor_of(span_trim(unit), names, factors)));
	return arena_strdup(w->a, out.data);
}

void note_keys(struct writer *w, const struct node *map, const struct key_note *rows)
{
	for (const struct node *key = map && map->kind == NODE_MAP ? map->first : NULL; key; key = key->next) {
		const struct key_note *row = rows;

		while (row->key && !span_eq(key->text, row->key))
			row++;
		if (!row->key)
			note(w, key, NO_EQUAL, "%s: not known of Promtail, and left out; look for it in its manual",
			     shown(w, key->text));
		else if (row->what)
			note(w, key, row->weight, "%s: %s", row->key, row->what);
	}
}
