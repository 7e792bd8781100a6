#include "config/bind.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/expand.h"
#include "config/nearest.h"
#include "config/parse.h"
#include "config/secret.h"
#include "config/yaml.h"

enum { ITEMS_MAX = 1000, KNOWN_SHOWN = 16, EXPANDED_MAX = 16 * EXPAND_MAX };

struct binder {
	struct arena *a;
	struct arena *scratch; /* ends with the call */
	const char *file;
	struct faults *faults;
	size_t expanded; /* bytes that variables brought so far */
	bool defaults;   /* the rows' own texts are bound: no variables, no credentials */
};

/* Where in the tree of settings we are; lives on the stack. */
struct place {
	const struct place *up;
	struct span name; /* empty: the root, or an item of a list without a name */
};

static void bind_map(struct binder *b, const struct field *fields, const struct node *map, const struct place *at,
                     char *out);
static void bind_value(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                       void *out);

/* Shown names are short and printable, whatever the file holds. */
static void put_name(struct buf *out, struct span name)
{
	for (size_t i = 0; i < name.len && i < NEAREST_MAX; i++) {
		unsigned char c = (unsigned char)name.s[i];

		buf_putc(out, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
}

static void put_path(struct buf *out, const struct place *at)
{
	if (at->up)
		put_path(out, at->up);
	if (at->name.len && out->len)
		buf_putc(out, '.');
	put_name(out, at->name);
}

#define fault(b, node, at, ...) fault_at((b), (node)->line, (node)->column, (at), __VA_ARGS__)

static void PRINTF(5, 6)
	fault_at(struct binder *b, size_t line, size_t column, const struct place *at, const char *fmt, ...)
{
	struct buf CLEANUP_BUF path = {0};
	char what[1024];
	va_list ap;

	put_path(&path, at);
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	faults_add(b->faults, b->file, line, column, "%s%s%s", path.len ? path.data : "", path.len ? ": " : "", what);
}

static const char *kind_name(const struct node *node)
{
	if (node->kind == NODE_LIST)
		return "a list";
	if (node->kind == NODE_MAP)
		return "a section";
	return "a single value";
}

static const char *example(const struct field *f)
{
	if (f->def && parse_is_scalar(f->type))
		return f->def;
	return f->type == FIELD_ENUM ? f->names[0] : parse_type_example(f->type);
}

static void fault_type(struct binder *b, const struct field *f, const struct node *node, const struct place *at)
{
	if (!node->reported)
		fault(b, node, at, "expected %s, found %s; write %s: %s", parse_type_name(f->type), kind_name(node),
		      f->name, example(f));
}

static struct node *find_key(const struct node *map, struct span name)
{
	for (struct node *key = map ? map->first : NULL; key; key = key->next)
		if (key->kind == NODE_SCALAR && !key->reported && key->text.len == name.len &&
		    !memcmp(key->text.s, name.s, name.len))
			return key;
	return NULL;
}

/* The value of a scalar after its variables; false after a fault. */
static bool expand(struct binder *b, const struct node *node, const struct place *at, bool secret, struct span *out,
                   bool *expanded)
{
	struct err err;

	*out = node->text;
	*expanded = false;
	if (b->defaults)
		return true;
	if (expand_env(b->scratch, node->text, out, expanded, &err) < 0) {
		/* a dollar inside of a secret begins no name that may be shown */
		bool named = !secret || span_starts(node->text, "${");

		fault(b, node, at, "%s",
		      named ? err.text : "holds ${ with no variable that is set; write $$ for a dollar");
		return false;
	}
	if (*expanded)
		b->expanded += out->len;
	if (b->expanded > EXPANDED_MAX) {
		fault(b, node, at, "more than 16 MiB of variables so far; shorten them");
		return false;
	}
	return true;
}

static bool shows_value(enum field_type type)
{
	return type != FIELD_STRING && type != FIELD_REGEX;
}

static void bind_scalar(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                        void *out)
{
	struct buf CLEANUP_BUF shown = {0};
	struct span text;
	struct err err;
	bool expanded;

	if (node->kind != NODE_SCALAR) {
		fault_type(b, f, node, at);
		return;
	}
	if (!expand(b, node, at, false, &text, &expanded) || !parse_scalar(b->a, f, text, out, &err))
		return;
	if (shows_value(f->type) && !expanded)
		put_name(&shown, text);
	fault(b, node, at, "%s%s%s%s", shown.len ? "\"" : "", shown.len ? shown.data : "", shown.len ? "\" is " : "",
	      err.text);
}

/* One text of a list or a map; NULL after a fault. */
static const char *bind_text_item(struct binder *b, const struct node *node, const struct place *at)
{
	static const struct field item = {.name = "item", .type = FIELD_STRING};
	const char *text = NULL;

	if (node->reported)
		return NULL;
	if (node->kind != NODE_SCALAR || node_is_null(node))
		fault(b, node, at, "expected a text, found %s; write 'text'",
		      node->kind == NODE_SCALAR ? "nothing" : kind_name(node));
	else
		bind_scalar(b, &item, node, at, (void *)&text);
	return text;
}

static void bind_string_list(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                             struct string_list *out)
{
	if (node->kind != NODE_LIST) {
		fault_type(b, f, node, at);
		return;
	}
	out->items = ARENA_ARRAY(b->a, const char *, node->n);
	for (const struct node *item = node->first; item; item = item->next)
		out->items[out->n++] = bind_text_item(b, item, at);
}

static void bind_string_map(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                            struct string_map *out)
{
	static const struct field key_field = {.name = "key", .type = FIELD_STRING};

	if (node->kind != NODE_MAP) {
		fault_type(b, f, node, at);
		return;
	}
	out->items = ARENA_ARRAY(b->a, struct string_pair, node->n);
	for (const struct node *key = node->first; key; key = key->next) {
		struct string_pair *pair = &out->items[out->n++];
		bool loose = node->flow && node_is_null(key->value); /* {a: 1,2}: may be the rest of a secret */
		struct place place = {at, loose ? SPAN("") : key->text};
		struct err err;

		if (key->reported)
			continue;
		if (parse_scalar(b->a, &key_field, key->text, (void *)&pair->key, &err) < 0)
			fault(b, key, at, "the key is %s", err.text);
		pair->value = bind_text_item(b, key->value, &place);
	}
}

static const struct field *name_field(const struct field *fields)
{
	for (; fields->name; fields++)
		if (fields->type == FIELD_STRING && !strcmp(fields->name, "name"))
			return fields;
	return NULL;
}

static const char *item_name(const struct field *name, const struct field *f, const struct list *list, size_t i)
{
	return *(const char *const *)((const char *)list->items + i * f->item_size + name->offset);
}

static void check_names(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                        const struct list *list)
{
	const struct field *name = name_field(f->fields);
	const struct node *item = node->first;

	for (size_t i = 0; name && i < list->n; i++, item = item->next) {
		const char *mine = item_name(name, f, list, i);
		size_t same = 0;

		while (same < i) {
			const char *other = item_name(name, f, list, same);

			if (mine && other ? !strcmp(mine, other) : mine == other)
				break;
			same++;
		}
		if (same < i && mine)
			fault(b, item, at, "item %zu has the same name as item %zu; give it another name", i + 1,
			      same + 1);
		else if (same < i)
			fault(b, item, at, "items %zu and %zu have no name; give one to each but one at most", same + 1,
			      i + 1);
	}
}

static void bind_list(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                      struct list *out)
{
	char *items;
	size_t before = b->faults->n;

	if (node->kind != NODE_LIST) {
		fault_type(b, f, node, at);
		return;
	}
	if (node->n > ITEMS_MAX) {
		fault(b, node, at, "%zu items; write at most %d", node->n, ITEMS_MAX);
		return;
	}
	items = arena_zalloc(b->a, node->n * f->item_size);
	*out = (struct list){items, node->n};
	for (const struct node *item = node->first; item; item = item->next, items += f->item_size) {
		const struct node *name = item->kind == NODE_MAP ? find_key(item, SPAN("name")) : NULL;
		struct place place = {at, name && name->value->kind == NODE_SCALAR ? name->value->text : SPAN("")};

		if (item->kind == NODE_MAP)
			bind_map(b, f->fields, item, &place, items);
		else if (!item->reported)
			fault(b, item, at, "expected a section as item, found %s; write - {%s: %s}", kind_name(item),
			      f->fields->name, example(f->fields));
	}
	if (b->faults->n == before)
		check_names(b, f, node, at, out);
}

static struct span file_key(struct binder *b, const struct field *f)
{
	return span_of(arena_printf(b->scratch, "%s_file", f->name));
}

/* A relative path is one beside the config file. */
static const char *beside(struct binder *b, struct span path)
{
	const char *slash = strrchr(b->file, '/');

	if (!slash || (path.len && *path.s == '/'))
		return path.s;
	return arena_printf(b->scratch, "%.*s/%s", (int)(slash - b->file), b->file, path.s);
}

static void bind_secret_text(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                             const char **out)
{
	struct span text;
	struct err err;
	bool expanded;

	if (node->kind != NODE_SCALAR)
		fault_type(b, f, node, at);
	else if (!expand(b, node, at, true, &text, &expanded))
		return;
	else if (!text.len || node_is_null(node))
		fault(b, node, at,
		      "empty; write the secret (in a .env file in single quotes), or %s_file: PATH, or remove the key",
		      f->name);
	else if (parse_scalar(b->a, f, text, (void *)out, &err) < 0)
		fault(b, node, at, "%s", err.text);
}

static void bind_secret_file(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                             const char **out)
{
	struct span path;
	struct err err;
	bool expanded;

	if (node->kind != NODE_SCALAR || node_is_null(node)) {
		if (!node->reported)
			fault(b, node, at, "expected the path of a file; write %s_file: /run/secrets/NAME", f->name);
		return;
	}
	if (!expand(b, node, at, false, &path, &expanded))
		return;
	if (!path.len || memchr(path.s, '\0', path.len))
		fault(b, node, at, "no path of a file; write %s_file: /run/secrets/NAME", f->name);
	else if (secret_read(b->a, beside(b, path), out, &err) < 0)
		fault(b, node, at, "%s", err.text);
}

static void bind_secret(struct binder *b, const struct field *f, const struct node *map, const struct place *at,
                        const char **out)
{
	const struct node *text = find_key(map, span_of(f->name));
	const struct node *file = find_key(map, file_key(b, f));

	if (text && file)
		fault(b, file, at, "%s and %s_file are both given; keep one of them", f->name, f->name);
	else if (text)
		bind_secret_text(b, f, text->value, at, out);
	else
		bind_secret_file(b, f, file->value, at, out);
}

static void absent_secret(struct binder *b, const struct place *at, const char **out)
{
	struct buf CLEANUP_BUF path = {0};
	struct err err;

	if (b->defaults)
		return;
	put_path(&path, at);
	if (secret_credential(b->a, path.data, out, &err) < 0)
		fault_at(b, 0, 0, at, "%s", err.text);
}

/* A row's own text. One that is no good is our bug. */
static void bind_default(struct binder *b, const struct field *f, const struct place *at, void *out)
{
	struct binder own = {.a = b->a, .scratch = b->scratch, .file = f->name, .faults = b->faults, .defaults = true};
	struct node *node;
	struct err err = {""};
	int result;

	if (!f->def)
		return;
	if (parse_is_scalar(f->type)) {
		result = parse_scalar(b->a, f, span_of(f->def), out, &err);
	} else {
		size_t before = b->faults->n;

		result = yaml_load(b->scratch, f->name, f->def, strlen(f->def), &node, b->faults);
		if (!result)
			bind_value(&own, f, node, at, out);
		result = b->faults->n == before ? result : -1;
	}
	assert(result == 0);
}

static size_t value_size(const struct field *f)
{
	static const size_t sizes[] = {
		[FIELD_BOOL] = sizeof(bool),
		[FIELD_INT] = sizeof(int64_t),
		[FIELD_DOUBLE] = sizeof(double),
		[FIELD_DURATION] = sizeof(int64_t),
		[FIELD_SIZE] = sizeof(uint64_t),
		[FIELD_STRING] = sizeof(const char *),
		[FIELD_ENUM] = sizeof(int),
		[FIELD_REGEX] = sizeof(const struct regex *),
		[FIELD_SECRET] = sizeof(const char *),
		[FIELD_STRING_LIST] = sizeof(struct string_list),
		[FIELD_STRING_MAP] = sizeof(struct string_map),
		[FIELD_STRUCT] = 0,
		[FIELD_LIST] = sizeof(struct list),
	};

	return sizes[f->type];
}

static void bind_absent(struct binder *b, const struct field *f, const struct node *map, const struct place *at,
                        void *out)
{
	if (f->type == FIELD_STRUCT)
		bind_map(b, f->fields, NULL, at, out);
	else if (f->type == FIELD_SECRET)
		absent_secret(b, at, out);
	else
		bind_default(b, f, at, out);
	if (f->required && map && (f->type != FIELD_SECRET || !*(const char *const *)out))
		fault(b, map, at, "missing, but needed; write %s: %s", f->name, example(f));
}

static void bind_value(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                       void *out)
{
	switch (f->type) {
	case FIELD_STRING_LIST: bind_string_list(b, f, node, at, out); break;
	case FIELD_STRING_MAP: bind_string_map(b, f, node, at, out); break;
	case FIELD_LIST: bind_list(b, f, node, at, out); break;
	case FIELD_STRUCT:
		if (node->kind == NODE_MAP)
			bind_map(b, f->fields, node, at, out);
		else
			fault_type(b, f, node, at);
		break;
	default: bind_scalar(b, f, node, at, out); break;
	}
}

static bool is_key_of(struct binder *b, const struct field *f, struct span key)
{
	struct span file;

	if (span_eq(key, f->name))
		return true;
	if (f->type != FIELD_SECRET)
		return false;
	file = file_key(b, f);
	return file.len == key.len && !memcmp(file.s, key.s, key.len);
}

static void put_known(struct binder *b, struct buf *out, const struct field *fields)
{
	size_t n = 0;

	for (const struct field *f = fields; f->name && n < KNOWN_SHOWN; f++, n++) {
		buf_printf(out, "%s%s", n ? ", " : "", f->name);
		if (f->type == FIELD_SECRET)
			buf_printf(out, ", %s", file_key(b, f).s);
	}
	if (n && fields[n].name)
		buf_puts(out, " …");
}

static void consider(struct span typed, struct span known, struct span *best, size_t *least)
{
	size_t distance = nearest_distance(typed, known);

	if (distance < *least && nearest_likely(typed, known, distance)) {
		*best = known;
		*least = distance;
	}
}

/* The part of an unknown key that may be shown: behind the first odd character a forgotten space or comma may
 * have made a piece of a secret part of the key. */
static struct span showable(struct span key)
{
	size_t n = 0;

	while (n < key.len && n < NEAREST_MAX && (isalnum((unsigned char)key.s[n]) || strchr("_-.", key.s[n])) &&
	       key.s[n])
		n++;
	return (struct span){key.s, n};
}

static void fault_unknown(struct binder *b, const struct field *fields, const struct node *map, const struct node *key,
                          const struct place *at)
{
	struct buf CLEANUP_BUF known = {0};
	struct span shown = showable(key->text), best = {NULL, 0};
	size_t least = SIZE_MAX;
	const char *cut = shown.len < key->text.len ? "…" : "";

	for (const struct field *f = fields; f->name; f++) {
		consider(shown, span_of(f->name), &best, &least);
		if (f->type == FIELD_SECRET)
			consider(shown, file_key(b, f), &best, &least);
	}
	put_known(b, &known, fields);
	if (best.len && *cut && !least)
		fault(b, key, at, "no such key: %s…; write a space behind the : of %s", best.s, best.s);
	else if (best.len)
		fault(b, key, at, "no such key: %.*s%s; write %s", (int)shown.len, shown.s, cut, best.s);
	else if (map->flow && node_is_null(key->value))
		fault(b, key, at, "a key without a value; put a text that holds a comma or a colon in single quotes");
	else
		fault(b, key, at, "no such key: %.*s%s; known here: %s", (int)shown.len, shown.s, cut,
		      known.len ? known.data : "none");
}

static void bind_key(struct binder *b, const struct field *fields, const struct node *map, const struct node *key,
                     const struct place *at, char *out)
{
	const struct field *f = fields;
	struct place place;

	while (f->name && !is_key_of(b, f, key->text))
		f++;
	if (!f->name) {
		fault_unknown(b, fields, map, key, at);
		return;
	}
	place = (struct place){at, span_of(f->name)};
	if (f->type == FIELD_SECRET && (span_eq(key->text, f->name) || !find_key(map, span_of(f->name))))
		bind_secret(b, f, map, &place, (void *)(out + f->offset));
	else if (f->type != FIELD_SECRET && !node_is_null(key->value))
		bind_value(b, f, key->value, &place, out + f->offset);
}

static bool is_absent(struct binder *b, const struct field *f, const struct node *map)
{
	const struct node *key = find_key(map, span_of(f->name));

	if (f->type == FIELD_SECRET)
		return !key && !find_key(map, file_key(b, f));
	return !key || node_is_null(key->value);
}

static void bind_map(struct binder *b, const struct field *fields, const struct node *map, const struct place *at,
                     char *out)
{
	for (const struct field *f = fields; f->name; f++)
		memset(out + f->offset, 0, value_size(f));
	for (const struct node *key = map ? map->first : NULL; key; key = key->next)
		if (!key->reported)
			bind_key(b, fields, map, key, at, out);
	for (const struct field *f = fields; f->name; f++) {
		struct place place = {at, span_of(f->name)};

		if (is_absent(b, f, map))
			bind_absent(b, f, map, &place, out + f->offset);
	}
}

void bind_defaults(struct arena *a, const struct field *fields, void *out)
{
	struct arena CLEANUP(arena_fini) scratch = {0};
	struct faults CLEANUP(faults_fini) faults = {0};
	struct binder b = {.a = a, .scratch = &scratch, .file = "defaults", .faults = &faults, .defaults = true};
	struct place root = {0};

	bind_map(&b, fields, NULL, &root, out);
	assert(!faults.n);
}

int bind_text(struct arena *a, const char *file, const char *text, size_t len, const struct field *fields, void *out,
              struct faults *faults)
{
	struct arena CLEANUP(arena_fini) scratch = {0};
	struct binder b = {.a = a, .scratch = &scratch, .file = file, .faults = faults};
	struct node empty = {.kind = NODE_MAP, .line = 1, .column = 1}, *map;
	struct place root = {0};
	size_t before = faults->n;

	if (len > CONFIG_MAX_BYTES) {
		faults_add(faults, file, 0, 0,
		           "larger than 1 MiB, which no configuration is; check that it is the right file");
		return -1;
	}
	if (yaml_load(&scratch, file, text, len, &map, faults) < 0)
		return -1;
	if (!map || node_is_null(map))
		map = &empty;
	if (map->kind == NODE_MAP)
		bind_map(&b, fields, map, &root, out);
	else if (!map->reported)
		faults_add(faults, file, map->line, map->column,
		           "expected keys with values, found %s; begin with, for example, %s:", kind_name(map),
		           fields->name);
	return faults->n == before ? 0 : -1;
}

static bool readable(const char *path, struct faults *faults)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		faults_add(faults, path, 0, 0,
		           "%m; check the path, and that the user that vedette runs as may read it");
		return false;
	}
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode)) {
		faults_add(faults, path, 0, 0, "%s, not a file; give the path of the configuration file itself",
		           S_ISDIR(st.st_mode) ? "a directory" : "a pipe, socket or device");
		return false;
	}
	if (st.st_size > CONFIG_MAX_BYTES) {
		faults_add(faults, path, 0, 0,
		           "larger than 1 MiB, which no configuration is; check that it is the right file");
		return false;
	}
	return true;
}

int bind_file(struct arena *a, const char *path, const struct field *fields, void *out, struct faults *faults)
{
	struct arena CLEANUP(arena_fini) scratch = {0};
	struct err err;
	char *text;
	size_t len;

	if (!readable(path, faults))
		return -1;
	if (file_read(&scratch, path, CONFIG_MAX_BYTES, &text, &len, &err) < 0) {
		faults_add(faults, path, 0, 0, "%s; let the user that vedette runs as read it",
		           span_starts(span_of(err.text), path) ? err.text + strlen(path) + 2 : err.text);
		return -1;
	}
	return bind_text(a, path, text, len, fields, out, faults);
}
