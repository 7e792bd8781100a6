/* Settings for people to read: those in force, and the reference of all there are. Pure, any thread. */
#pragma once

#include "base/buf.h"
#include "config/field.h"

/* What was bound, as YAML that binds to the same again; secrets are shown as <secret>, absent values left out. */
void config_print(const struct field *fields, const void *bound, struct buf *out);

/* Every setting with its type, default, limits and help; Markdown that also reads well in a terminal. */
void config_reference(const struct field *fields, struct buf *out);

/* One text as a value, or as a key, of YAML that reads as the same again; quoted where it must be. Valid UTF-8. */
void config_put_text(struct buf *out, const char *s);
void config_put_key(struct buf *out, const char *s);
