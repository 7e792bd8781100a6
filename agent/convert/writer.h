/* What the parts of converting share: where they write, and how they say what cannot be said in our settings.
 *
 * Comments wait until the line is written that they stand before. Inside of convert only; lives for one call. */
#pragma once

#include "base/arena.h"
#include "config/yaml.h"
#include "convert/convert.h"

enum { NOTES_MAX = 1000 };

struct writer {
	struct arena *a;
	const char *file; /* as it is called in notes */
	struct conversion *to;
	struct buf *out;     /* what is written now: all of it, or a part that may still be thrown away */
	struct buf comments; /* those that wait, one line each */
	bool holding;        /* comments wait until the whole item is written */
	size_t notes;
	size_t stages; /* that were written */
};

enum weight { GOOD_TO_KNOW, NO_EQUAL };

/* Says something about a place of the file; once, however often its part is converted. */
void note(struct writer *w, const struct node *at, enum weight weight, const char *fmt, ...) PRINTF(4, 5);

/* The comments that wait, at that indentation. */
void write_comments(struct writer *w, int indent);

void write_head(struct writer *w, int indent, const char *key); /* "key:" */
void write_text(struct writer *w, int indent, const char *key, const char *value);
void write_list(struct writer *w, int indent, const char *key, const struct string_list *list);      /* none: nothing */
void write_item_list(struct writer *w, int indent, const char *key, const struct string_list *list); /* "- key: […]" */
void write_map(struct writer *w, int indent, const char *key, const struct string_map *map);         /* none: nothing */

/* The value of a key of the map, NULL where it is missing or null. */
const struct node *value_of(const struct node *map, const char *key);
/* The same where it must be of one kind; another is said, and NULL. */
const struct node *list_of(struct writer *w, const struct node *map, const char *key);
const struct node *map_of(struct writer *w, const struct node *map, const char *key);
const char *text_of(struct writer *w, const struct node *map, const char *key);
bool truth_of(struct writer *w, const struct node *map, const char *key, bool otherwise);

/* A scalar as text; NULL, and said, for anything else. */
const char *scalar_text(struct writer *w, const struct node *node);

/* A list of texts, or one text; and a map of texts, in which a key without a value has its own name. */
struct string_list texts_of(struct writer *w, const struct node *node);
struct string_map pairs_of(struct writer *w, const struct node *node, bool names_too);

/* A name for people: short and printable. */
const char *shown(struct writer *w, struct span name);

/* Go's durations (1h30m, 1.5s, 100us) and Promtail's sizes (8kb, 1MiB) as ours write them; NULL, and said. */
const char *duration_text(struct writer *w, const struct node *node);
const char *size_text(struct writer *w, const struct node *node);

/* Pairs of a map that is being made, in the writer's arena. */
void pairs_set(struct writer *w, struct string_map *map, const char *key, const char *value);
void pairs_remove(struct string_map *map, const char *key);
const char *pairs_find(const struct string_map *map, const char *key);

/* What of a section is not known, or has no place with us: rows of keys, ended by a NULL name. */
struct key_note {
	const char *key;
	enum weight weight;
	const char *what; /* NULL: somebody reads it, nothing is to be said */
};
void note_keys(struct writer *w, const struct node *map, const struct key_note *rows);
