/* What the parts of binding share: where they are, what they fill, how they complain. Inside of config only.
 *
 * Lives for one call, on its stack and its thread. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "config/bind.h"
#include "config/yaml.h"

struct binder {
	struct arena *a;       /* of what is bound */
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

/* Names as shown: short and printable, whatever the file holds. */
void binder_put_name(struct buf *out, struct span name);
/* "exporters.postgres.app.password" */
void binder_put_path(struct buf *out, const struct place *at);

/* Adds "path: what". Line 0: the file as a whole. */
void binder_fault(struct binder *b, size_t line, size_t column, const struct place *at, const char *fmt, ...)
	PRINTF(5, 6);
#define fault(b, node, at, ...) binder_fault((b), (node)->line, (node)->column, (at), __VA_ARGS__)

/* The value is of another kind than the row wants. Silent where something about the node is told already. */
void binder_fault_type(struct binder *b, const struct field *f, const struct node *node, const struct place *at);
void binder_fault_unknown(struct binder *b, const struct field *fields, const struct node *map, const struct node *key,
                          const struct place *at);

/* How the value of a row may be written. */
const char *binder_example(const struct field *f);
/* password -> password_file */
struct span binder_file_key(struct binder *b, const struct field *f);
bool binder_is_key_of(struct binder *b, const struct field *f, struct span key);

/* The value of a scalar after its variables; false after a fault. */
bool binder_expand(struct binder *b, const struct node *node, const struct place *at, bool secret, struct span *out,
                   bool *expanded);

enum { BIND_ITEMS_MAX = 1000 };

/* The bytes that a row of the kind takes; 0 for a section, whose rows have their own places. */
size_t bind_size(const struct field *f);
/* What is there, of whatever kind the row wants. */
void bind_value(struct binder *b, const struct field *f, const struct node *node, const struct place *at, void *out);
/* A key of a section with nothing behind it: all of it has its defaults. */
void bind_empty(struct binder *b, const struct field *f, const struct node *key, const struct place *at, void *out);
void bind_choices(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                  struct list *out);
void bind_scalar(struct binder *b, const struct field *f, const struct node *node, const struct place *at, void *out);
void bind_string_list(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                      struct string_list *out);
void bind_string_map(struct binder *b, const struct field *f, const struct node *node, const struct place *at,
                     struct string_map *out);
/* One of its two keys is in the map, or neither. */
void bind_secret(struct binder *b, const struct field *f, const struct node *map, const struct place *at,
                 const char **out);
void bind_absent_secret(struct binder *b, const struct place *at, const char **out);
