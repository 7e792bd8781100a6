#include "logs/stages/common_pick.h"

void pick_values(struct stage *s, const struct log_entry *e, const struct string_map *from, struct log_pairs *to,
                 const char *full)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct span *value = stage_source(e, from->items[i].value);

		if (value && value->len && !log_pairs_set(to, span_of(from->items[i].key), *value))
			stage_fail(s, full);
	}
}

int pick_check(const struct string_map *map, size_t max, struct err *err)
{
	if (map->n > max)
		return err_set(err, "%zu of them; an entry takes at most %zu", map->n, max);
	return 0;
}
