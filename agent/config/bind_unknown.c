#include "config/binder.h"
#include "config/nearest.h"

enum { KNOWN_SHOWN = 16 };

bool binder_is_key_of(struct binder *b, const struct field *f, struct span key)
{
	struct span file;

	if (span_eq(key, f->name))
		return true;
	if (f->type != FIELD_SECRET)
		return false;
	file = binder_file_key(b, f);
	return file.len == key.len && !memcmp(file.s, key.s, key.len);
}

static void put_known(struct binder *b, struct buf *out, const struct field *fields)
{
	size_t n = 0;

	for (const struct field *f = fields; f->name && n < KNOWN_SHOWN; f++, n++) {
		buf_printf(out, "%s%s", n ? ", " : "", f->name);
		if (f->type == FIELD_SECRET)
			buf_printf(out, ", %s", binder_file_key(b, f).s);
	}
	if (n && fields[n].name)
		buf_puts(out, " …");
}

void binder_fault_unknown(struct binder *b, const struct field *fields, const struct node *map, const struct node *key,
                          const struct place *at)
{
	struct buf CLEANUP_BUF known = {0};
	struct span shown = nearest_showable(key->text), best = {NULL, 0};
	size_t least = SIZE_MAX;
	const char *cut = !shown.len || shown.len < key->text.len ? "…" : "";

	for (const struct field *f = fields; f->name; f++) {
		nearest_consider(shown, span_of(f->name), &best, &least);
		if (f->type == FIELD_SECRET)
			nearest_consider(shown, binder_file_key(b, f), &best, &least);
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
