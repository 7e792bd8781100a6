#include "config/binder.h"
#include "config/parse.h"
#include "config/secret.h"

struct span binder_file_key(struct binder *b, const struct field *f)
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

	if (node->kind != NODE_SCALAR || node->reported)
		binder_fault_type(b, f, node, at);
	else if (!binder_expand(b, node, at, true, &text, &expanded))
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

	if (node->reported || node->kind != NODE_SCALAR || node_is_null(node)) {
		if (!node->reported)
			fault(b, node, at, "expected the path of a file; write %s_file: /run/secrets/NAME", f->name);
		return;
	}
	if (!binder_expand(b, node, at, false, &path, &expanded))
		return;
	if (!path.len || memchr(path.s, '\0', path.len))
		fault(b, node, at, "no path of a file; write %s_file: /run/secrets/NAME", f->name);
	else if (secret_read(b->a, beside(b, path), out, &err) < 0)
		fault(b, node, at, "%s", err.text);
}

void bind_secret(struct binder *b, const struct field *f, const struct node *map, const struct place *at,
                 const char **out)
{
	const struct node *text = node_find_key(map, span_of(f->name));
	const struct node *file = node_find_key(map, binder_file_key(b, f));

	if (text && file)
		fault(b, file, at, "%s and %s_file are both given; keep one of them", f->name, f->name);
	else if (text)
		bind_secret_text(b, f, text->value, at, out);
	else
		bind_secret_file(b, f, file->value, at, out);
}

void bind_absent_secret(struct binder *b, const struct place *at, const char **out)
{
	struct buf CLEANUP_BUF path = {0};
	struct err err;

	if (b->defaults)
		return;
	binder_put_path(&path, at);
	if (secret_credential(b->a, path.data, out, &err) < 0)
		binder_fault(b, 0, 0, at, "%s", err.text);
}
