/* What each stage does to each line, for people: `vedette ship --dry-run`. Nothing is sent, no state is kept.
 *
 * One thread; everything is freed on return. */
#pragma once

#include <stdio.h>

#include "base/err.h"
#include "config/field.h"

/* Reads lines to the end of `in` and writes what becomes of them. `labels` are those that the source gives each entry.
 */
MUST_CHECK int dry_run(const struct list *stages, const struct string_map *labels, FILE *in, FILE *out,
                       struct err *err);
