/* Secrets from files: what is behind `password_file`, and systemd's credentials.
 *
 * Messages name the file, never its content. The text is in the arena. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { SECRET_MAX_BYTES = 64 * 1024 };

/* The file's text without the newlines at its end. An empty one is an error. */
MUST_CHECK int secret_read(struct arena *a, const char *path, const char **out, struct err *err);

/* The file called `name` in $CREDENTIALS_DIRECTORY; *out is NULL where there is none. */
MUST_CHECK int secret_credential(struct arena *a, const char *name, const char **out, struct err *err);
