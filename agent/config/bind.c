#include "config/bind.h"

#include <assert.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/binder.h"
#include "config/parse.h"

static void bind_map(struct binder *b, const struct field *fields, const struct node *map, const struct place *at,
                     char *out);

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

			if (mine && other ? !strcmp(mine, other) : mine == other && !f->nameless)
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

static void check_items(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                        const struct list *list)
{
	const struct node *item = node->first;
	struct err err;

	for (size_t i = 0; f->check && i < list->n; i++, item = item->next) {
		const struct node *name = node_find_key(item, SPAN("name"));
		struct place place = {at, name ? name->value->text : SPAN("")};

		if (f->check(f, list, i, &err) < 0)
			fault(b, item, &place, "%s", err.text);
	}
}

static void bind_list(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                      struct list *out)
{
	char *items;
	size_t before = b->faults->n;

	if (node->kind != NODE_LIST) {
		binder_fault_type(b, f, node, at);
		return;
	}
	if (node->n > BIND_ITEMS_MAX) {
		fault(b, node, at, "%zu items; write at most %d", node->n, BIND_ITEMS_MAX);
		return;
	}
	items = arena_zalloc(b->a, node->n * f->item_size);
	*out = (struct list){items, node->n};
	for (const struct node *item = node->first; item; item = item->next, items += f->item_size) {
		const struct node *name = item->kind == NODE_MAP ? node_find_key(item, SPAN("name")) : NULL;
		struct place place = {at, name && name->value->kind == NODE_SCALAR ? name->value->text : SPAN("")};

		if (item->kind == NODE_MAP)
			bind_map(b, f->fields, item, &place, items);
		else if (!item->reported)
			fault(b, item, at, "expected a section as item, found %s; write - {%s: %s}",
			      node_kind_name(item), f->fields->name, binder_example(f->fields));
	}
	if (b->faults->n == before)
		check_names(b, f, node, at, out);
	if (b->faults->n == before)
		check_items(b, f, node, at, out);
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

size_t bind_size(const struct field *f)
{
	static const size_t sizes[] = {
		[FIELD_BOOL] = sizeof(bool),
		[FIELD_INT] = sizeof(int64_t),
		[FIELD_DOUBLE] = sizeof(double),
		[FIELD_DURATION] = sizeof(int64_t),
		[FIELD_SIZE] = sizeof(uint64_t),
		[FIELD_STRING] = sizeof(const char *),
		[FIELD_ENUM] = sizeof(int),
		[FIELD_REF] = sizeof(struct ref),
		[FIELD_REGEX] = sizeof(const struct regex *),
		[FIELD_SECRET] = sizeof(const char *),
		[FIELD_STRING_LIST] = sizeof(struct string_list),
		[FIELD_REF_LIST] = sizeof(struct ref_list),
		[FIELD_STRING_MAP] = sizeof(struct string_map),
		[FIELD_STRUCT] = 0,
		[FIELD_SECTION] = sizeof(const void *),
		[FIELD_LIST] = sizeof(struct list),
		[FIELD_CHOICES] = sizeof(struct list),
	};

	return sizes[f->type];
}

/* The name is bound as a text is; here, what a fault about it will need. */
static void place_ref(struct binder *b, const struct node *node, const struct place *at, struct ref *out)
{
	struct buf CLEANUP_BUF path = {0};

	binder_put_path(&path, at);
	out->file = arena_strdup(b->a, b->file);
	out->path = arena_strdup(b->a, path.len ? path.data : "");
	out->line = node->line;
	out->column = node->column;
}

static void bind_refs(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                      struct ref_list *out)
{
	const struct node *item = node->kind == NODE_LIST ? node->first : node;
	size_t n = node->kind == NODE_LIST ? node->n : 1;

	if (node->kind == NODE_MAP || !n) {
		binder_fault_type(b, f, node, at);
		return;
	}
	*out = (struct ref_list){ARENA_ARRAY(b->a, struct ref, n), n};
	for (size_t i = 0; i < n; i++, item = item->next) {
		place_ref(b, item, at, &out->items[i]);
		bind_scalar(b, f, item, at, &out->items[i]);
	}
}

static void bind_absent(struct binder *b, const struct field *f, const struct node *map, const struct place *at,
                        void *out)
{
	if (f->type == FIELD_STRUCT)
		bind_map(b, f->fields, NULL, at, out);
	else if (f->type == FIELD_SECRET)
		bind_absent_secret(b, at, out);
	else
		bind_default(b, f, at, out);
	if (f->type == FIELD_REF && map)
		place_ref(b, map, at, out);
	if (f->type == FIELD_REF_LIST && map) {
		*(struct ref_list *)out = (struct ref_list){ARENA_NEW(b->a, struct ref), 1};
		place_ref(b, map, at, ((struct ref_list *)out)->items);
	}
	if (f->required && map && (f->type != FIELD_SECRET || !*(const char *const *)out))
		fault(b, map, at, "missing, but needed; write %s: %s", f->name, binder_example(f));
}

static void bind_section(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                         const void **out)
{
	char *section;

	if (node->kind != NODE_MAP) {
		binder_fault_type(b, f, node, at);
		return;
	}
	section = arena_zalloc(b->a, f->item_size);
	*out = section;
	bind_map(b, f->fields, node, at, section);
}

void bind_empty(struct binder *b, const struct field *f, const struct node *key, const struct place *at, void *out)
{
	struct node empty = {.kind = NODE_MAP, .line = key->line, .column = key->column};

	bind_value(b, f, &empty, at, out);
}

void bind_value(struct binder *b, const struct field *f, const struct node *node, const struct place *at, void *out)
{
	if (node->reported)
		return;
	switch (f->type) {
	case FIELD_STRING_LIST: bind_string_list(b, f, node, at, out); break;
	case FIELD_STRING_MAP: bind_string_map(b, f, node, at, out); break;
	case FIELD_LIST: bind_list(b, f, node, at, out); break;
	case FIELD_CHOICES: bind_choices(b, f, node, at, out); break;
	case FIELD_SECTION: bind_section(b, f, node, at, out); break;
	case FIELD_STRUCT:
		if (node->kind == NODE_MAP)
			bind_map(b, f->fields, node, at, out);
		else
			binder_fault_type(b, f, node, at);
		break;
	case FIELD_REF_LIST: bind_refs(b, f, node, at, out); break;
	case FIELD_REF:
		place_ref(b, node, at, out);
		bind_scalar(b, f, node, at, out);
		break;
	default: bind_scalar(b, f, node, at, out); break;
	}
}

static void bind_key(struct binder *b, const struct field *fields, const struct node *map, const struct node *key,
                     const struct place *at, char *out)
{
	const struct field *f = fields;
	struct place place;

	while (f->name && !binder_is_key_of(b, f, key->text))
		f++;
	if (!f->name) {
		binder_fault_unknown(b, fields, map, key, at);
		return;
	}
	place = (struct place){at, span_of(f->name)};
	if (f->type == FIELD_SECRET && (span_eq(key->text, f->name) || !node_find_key(map, span_of(f->name))))
		bind_secret(b, f, map, &place, (void *)(out + f->offset));
	else if (f->type == FIELD_SECTION && node_is_null(key->value))
		bind_empty(b, f, key, &place, out + f->offset);
	else if (f->type != FIELD_SECRET && !node_is_null(key->value))
		bind_value(b, f, key->value, &place, out + f->offset);
}

static bool is_absent(struct binder *b, const struct field *f, const struct node *map)
{
	const struct node *key = node_find_key(map, span_of(f->name));

	if (f->type == FIELD_SECTION)
		return !key;
	if (f->type == FIELD_SECRET)
		return !key && !node_find_key(map, binder_file_key(b, f));
	return !key || node_is_null(key->value);
}

static void bind_map(struct binder *b, const struct field *fields, const struct node *map, const struct place *at,
                     char *out)
{
	for (const struct field *f = fields; f->name; f++)
		memset(out + f->offset, 0, bind_size(f));
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
		           "expected keys with values, found %s; begin with, for example, %s:", node_kind_name(map),
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
