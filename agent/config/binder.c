#include "config/binder.h"

#include <stdarg.h>

#include "config/expand.h"
#include "config/nearest.h"
#include "config/parse.h"

enum { EXPANDED_MAX = 16 * EXPAND_MAX };

void binder_put_name(struct buf *out, struct span name)
{
	for (size_t i = 0; i < name.len && i < NEAREST_MAX; i++) {
		unsigned char c = (unsigned char)name.s[i];

		buf_putc(out, c < ' ' || c == 0x7f ? '?' : (char)c);
	}
}

void binder_put_path(struct buf *out, const struct place *at)
{
	if (at->up)
		binder_put_path(out, at->up);
	if (at->name.len && out->len)
		buf_putc(out, '.');
	binder_put_name(out, at->name);
}

void binder_fault(struct binder *b, size_t line, size_t column, const struct place *at, const char *fmt, ...)
{
	struct buf CLEANUP_BUF path = {0};
	char what[1024];
	va_list ap;

	binder_put_path(&path, at);
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	faults_add(b->faults, b->file, line, column, "%s%s%s", path.len ? path.data : "", path.len ? ": " : "", what);
}

const char *binder_example(const struct field *f)
{
	if (f->def && parse_is_scalar(f->type))
		return f->def;
	return f->type == FIELD_ENUM ? f->names[0] : parse_type_example(f->type);
}

void binder_fault_type(struct binder *b, const struct field *f, const struct node *node, const struct place *at)
{
	bool squeezed = (f->type == FIELD_STRUCT || f->type == FIELD_SECTION) && node->kind == NODE_SCALAR &&
	                memchr(node->text.s, ':', node->text.len);

	if (node->reported)
		return;
	if (squeezed)
		fault(b, node, at,
		      "expected %s, found a single value; write a space behind each :", parse_type_name(f->type));
	else
		fault(b, node, at, "expected %s, found %s; write %s: %s", parse_type_name(f->type),
		      node_kind_name(node), f->name, binder_example(f));
}

bool binder_expand(struct binder *b, const struct node *node, const struct place *at, bool secret, struct span *out,
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
