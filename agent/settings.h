/* All settings of the program, bound from one file.
 *
 * The table of settings is put together from the registry: each exporter is a section below `exporters`, each
 * collector with settings a section below its exporter. Settings are immutable once loaded; they own one arena
 * and are freed by whoever loaded them, or by the last fleet that uses them. */
#pragma once

#include "collect/target.h"
#include "config/bind.h"
#include "logs/settings.h"
#include "options.h"
#include "web/web.h"

struct settings {
	struct arena arena;
	struct web_settings web;
	struct string_map external_labels;
	struct log_settings logs; /* nothing is shipped where it has no sources */
	const struct target *targets;
	size_t n_targets;
	const struct field *fields; /* the table that bound it, and what it bound: for printing */
	const void *bound;
};

/* Reads the file that the options name (none: defaults), then lays the options over it. NULL, with faults, when
 * anything is wrong. */
struct settings *settings_load(const struct options *o, struct faults *faults);
void settings_free(struct settings *s); /* NULL is allowed */

/* The table itself, for the reference. */
const struct field *settings_fields(struct arena *a);
