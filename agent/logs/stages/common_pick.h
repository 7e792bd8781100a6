/* What labels and structured_metadata have in common: extracted values that become pairs of the entry. Pure. */
#pragma once

#include "logs/stage.h"

/* Each key of the map gets the extracted value that its text names, where there is one that is not empty. */
void pick_values(struct stage *s, const struct log_entry *e, const struct string_map *from, struct log_pairs *to,
                 const char *full);

/* Settings of more than `max` pairs are refused. */
MUST_CHECK int pick_check(const struct string_map *map, size_t max, struct err *err);
