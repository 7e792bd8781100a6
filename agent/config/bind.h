/* From a YAML text to a struct, through a table of fields.
 *
 * All faults of a text are found in one go. Bound memory lives in the arena given. Not thread-safe with itself on
 * one arena; what it returns is immutable and may be read by any thread. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "config/field.h"

enum { CONFIG_MAX_BYTES = 1024 * 1024, CONFIG_MAX_DEPTH = 32 };

/* What is wrong, one line each: "file:line:column: what, and how to mend it". */
struct faults {
	struct buf text;
	size_t n;
};

void faults_init(struct faults *f);
void faults_fini(struct faults *f);
/* line 0: the file as a whole */
void faults_add(struct faults *f, const char *file, size_t line, size_t column, const char *fmt, ...) PRINTF(5, 6);

/* Fills `out` with the defaults of all fields, as an empty text would, but looks for no secrets. Defaults come from our
 * own tables: one that does not parse is a bug (assert). */
void bind_defaults(struct arena *a, const struct field *fields, void *out);

/* Binds a text. 0, or -1 with at least one fault; `out` is then half bound and not to be used. */
MUST_CHECK int bind_text(struct arena *a, const char *file, const char *text, size_t len, const struct field *fields,
                         void *out, struct faults *faults);

/* Reads the file and binds it. */
MUST_CHECK int bind_file(struct arena *a, const char *path, const struct field *fields, void *out,
                         struct faults *faults);
