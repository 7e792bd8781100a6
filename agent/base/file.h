/* Whole small files: config, secrets, certificates. Any thread; the arena owns the content. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* Reads a file of at most `max` bytes; NUL-terminated, *len without the NUL. Errors name the path and, for a
 * file that is too large, the limit. Refuses what is no regular file, pipe or character device. */
MUST_CHECK int file_read(struct arena *a, const char *path, size_t max, char **data, size_t *len, struct err *err);
