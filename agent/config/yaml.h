/* A YAML text as a tree that knows where each piece stands. Nothing but libyaml's events is used.
 *
 * What a config does not need is refused, with its place: aliases and anchors (so nothing multiplies), tags,
 * several documents, keys given twice, keys that are no text, deep nesting, too many pieces. Nodes live in the
 * arena. No fault shows a piece of a value, which may be a secret. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/scan.h"
#include "config/bind.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool plain;                /* a scalar without quotes */
	bool flow;                 /* a list or map in brackets */
	bool reported;             /* its fault is already told: pass over it */
	size_t line, column;       /* from 1 */
	struct span text;          /* NODE_SCALAR; NUL-terminated */
	size_t n;                  /* items, or keys */
	struct node *first, *last; /* items of a list, or keys of a map */
	struct node *next;         /* the next item or key */
	struct node *value;        /* of a key; never NULL in a finished tree */
};

/* 0, and *root NULL for a text without content; or -1 when there is no tree, after a fault. Faults that leave a
 * tree are only added. */
MUST_CHECK int yaml_load(struct arena *a, const char *file, const char *text, size_t len, struct node **root,
                         struct faults *faults);

/* True for what stands for nothing: a key without a value, ~ or null. */
bool node_is_null(const struct node *node);

/* "a list", "a section", "a single value" */
const char *node_kind_name(const struct node *node);

/* The key of that name; NULL where there is none, or no map. */
struct node *node_find_key(const struct node *map, struct span name);
