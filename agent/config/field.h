/* Settings as tables: each module describes its struct, one row per setting, and never parses YAML itself.
 *
 * The default of a setting is text that goes through the same parser as the file; that of a list or a map is
 * YAML: "[one, two]". Rows are static data, or live as long as their reader. Bound values live in the config's
 * arena and are immutable afterwards. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

struct list;

enum field_type {
	FIELD_BOOL,        /* bool */
	FIELD_INT,         /* int64_t; min and max of the row hold */
	FIELD_DOUBLE,      /* double */
	FIELD_DURATION,    /* int64_t nanoseconds; "500ms", "5s", "2d", "1h30m" */
	FIELD_SIZE,        /* uint64_t bytes; "64KiB", "1MiB", "10MB" */
	FIELD_STRING,      /* const char *, NULL when absent without default */
	FIELD_ENUM,        /* int: index into `names` */
	FIELD_REF,         /* struct ref: the name of a target that another section of the settings makes */
	FIELD_REGEX,       /* const struct regex *, NULL when absent */
	FIELD_SECRET,      /* const char *, NULL when absent; NAME, NAME_file or $CREDENTIALS_DIRECTORY */
	FIELD_STRING_LIST, /* struct string_list */
	FIELD_REF_LIST,    /* struct ref_list; a single name is a list of one, none is a list of one without a name */
	FIELD_STRING_MAP,  /* struct string_map */
	FIELD_STRUCT,      /* a nested mapping, bound by `fields` in place */
	FIELD_SECTION, /* a nested mapping that may be left out: const T *, NULL when absent; a bare key has defaults */
	FIELD_LIST,    /* struct list of mappings, each bound by `fields` to `item_size` bytes */
	FIELD_CHOICES, /* struct list of struct chosen: mappings of one key, which is one of `fields` */
};

struct field {
	const char *name; /* the key; NULL ends a table */
	enum field_type type;
	size_t offset;
	const char *def; /* default as text; NULL: absent (zero) */
	const char *help;
	int64_t min, max;                /* FIELD_INT, FIELD_DURATION, FIELD_SIZE; both 0: no limits */
	const char *const *names;        /* FIELD_ENUM, and FIELD_STRING_LIST of known words: NULL-terminated */
	const struct field *fields;      /* FIELD_STRUCT, FIELD_SECTION, FIELD_LIST, FIELD_CHOICES */
	bool (*key_ok)(const char *key); /* FIELD_STRING_MAP: which keys are allowed; NULL: any */
	const char *key_rule;            /* the same in words: "letters, digits and _" */
	bool single_too;                 /* FIELD_STRING_LIST: a single text is a list of one */
	bool names_too;                  /* FIELD_STRING_MAP: [a, b] stands for {a: a, b: b}, and so does {a: , b: } */
	const char *refers;              /* FIELD_REF, FIELD_REF_LIST: the exporter whose targets it names */
	/* FIELD_LIST, FIELD_CHOICES: what tables cannot say of the i-th item; called once all items are bound. -1: it
	 * is at fault */
	int (*check)(const struct field *f, const struct list *list, size_t i, struct err *err);
	const void *check_arg;
	bool nameless;    /* FIELD_LIST: items need no names; a number tells them apart */
	size_t item_size; /* FIELD_LIST, FIELD_SECTION, and FIELD_STRUCT as a choice */
	bool required;
};

struct string_list {
	const char **items;
	size_t n;
};

static inline bool string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

struct string_pair {
	const char *key, *value;
};

struct string_map {
	struct string_pair *items;
	size_t n;
};

struct list {
	void *items;
	size_t n;
};

/* What one item of a list of choices is, and its settings: of the row's kind, a section of `item_size` bytes. */
struct chosen {
	const struct field *field;
	const void *value;
};

/* config is for whoever knows the targets to fill in: the settings of the target, NULL until then. */
struct ref {
	const char *name; /* NULL: none was given, which means the only one */
	const void *config;
	const char *file, *path; /* where it stands: "exporters.sql.documents.target" */
	size_t line, column;     /* of the section that lacks it, where none was given */
};

struct ref_list {
	struct ref *items;
	size_t n;
};

struct regex;

/* True when the pattern matches anywhere in the subject. Thread-safe. A match that goes over its limits counts
 * as none; NULL matches nothing. */
bool regex_match(const struct regex *re, const char *subject, size_t len);

// clang-format off
/* A row whose offset is checked at compile time to be a member of the type that the row says. */
#define FIELD_AT(s, m, t) (offsetof(s, m) + 0 * sizeof(char[_Generic(((s *)0)->m, t: 1)]))
#define F_BOOL(s, m, d, h)     {.name = #m, .type = FIELD_BOOL, .offset = FIELD_AT(s, m, bool), .def = d, .help = h}
#define F_INT(s, m, d, h, lo, hi)                                                                               \
	{.name = #m, .type = FIELD_INT, .offset = FIELD_AT(s, m, int64_t), .def = d, .help = h, .min = lo, .max = hi}
#define F_DOUBLE(s, m, d, h)   {.name = #m, .type = FIELD_DOUBLE, .offset = FIELD_AT(s, m, double), .def = d, .help = h}
#define F_DURATION(s, m, d, h) {.name = #m, .type = FIELD_DURATION, .offset = FIELD_AT(s, m, int64_t), .def = d, .help = h}
#define F_SIZE(s, m, d, h)     {.name = #m, .type = FIELD_SIZE, .offset = FIELD_AT(s, m, uint64_t), .def = d, .help = h}
#define F_STRING(s, m, d, h)   {.name = #m, .type = FIELD_STRING, .offset = FIELD_AT(s, m, const char *), .def = d, .help = h}
#define F_ENUM(s, m, d, h, n)  {.name = #m, .type = FIELD_ENUM, .offset = FIELD_AT(s, m, int), .def = d, .help = h, .names = n}
#define F_REF(s, m, r, h)      {.name = #m, .type = FIELD_REF, .offset = FIELD_AT(s, m, struct ref), .refers = r, .help = h}
#define F_REFS(s, m, r, h)     {.name = #m, .type = FIELD_REF_LIST, .offset = FIELD_AT(s, m, struct ref_list), .refers = r, .help = h}
#define F_REGEX(s, m, d, h)                                                                                     \
	{.name = #m, .type = FIELD_REGEX, .offset = FIELD_AT(s, m, const struct regex *), .def = d, .help = h}
#define F_SECRET(s, m, h)      {.name = #m, .type = FIELD_SECRET, .offset = FIELD_AT(s, m, const char *), .help = h}
#define F_STRINGS(s, m, d, h)                                                                                   \
	{.name = #m, .type = FIELD_STRING_LIST, .offset = FIELD_AT(s, m, struct string_list), .def = d, .help = h}
#define F_MAP(s, m, h)	       {.name = #m, .type = FIELD_STRING_MAP, .offset = FIELD_AT(s, m, struct string_map), .help = h}
#define F_STRUCT(s, m, f, h)   {.name = #m, .type = FIELD_STRUCT, .offset = offsetof(s, m), .fields = f, .help = h}
#define F_SECTION(s, m, f, h)                                                                                   \
	{.name = #m, .type = FIELD_SECTION, .offset = offsetof(s, m), .fields = f, .item_size = sizeof(*((s *)0)->m), .help = h}
#define F_CHOICES(s, m, f, h)  {.name = #m, .type = FIELD_CHOICES, .offset = FIELD_AT(s, m, struct list), .fields = f, .help = h}
#define F_LIST(s, m, t, f, h)                                                                                   \
	{.name = #m, .type = FIELD_LIST, .offset = FIELD_AT(s, m, struct list), .fields = f, .item_size = sizeof(t), .help = h}
// clang-format on
