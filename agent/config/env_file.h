/* A .env file, read as Docker Compose reads it today, with a warning wherever another program that is commonly
 * given the same file reads another value.
 *
 * Pairs and warnings live in the arena. Values are secrets: no warning and no fault holds a piece of one. */
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "config/bind.h"

enum { ENV_MAX_BYTES = 1024 * 1024, ENV_MAX_PAIRS = 1024 };

struct env_pair {
	const char *name, *value;
	size_t line;
};

struct env_file {
	struct env_pair *pairs; /* in the file's order; a name given again has its last value */
	size_t n;
	const char **warnings; /* "file:line: what, and how to mend it" */
	size_t n_warnings;
};

/* 0, or -1 with at least one fault. Variables already in the environment are seen by ${NAME}, and win. */
MUST_CHECK int env_file_load(struct arena *a, const char *path, struct env_file *out, struct faults *faults);
MUST_CHECK int env_file_parse(struct arena *a, const char *path, const char *text, size_t len, struct env_file *out,
                              struct faults *faults);

/* Puts into the environment what is not there already. Before threads start: setenv is not safe beside getenv. */
void env_file_apply(const struct env_file *env);
