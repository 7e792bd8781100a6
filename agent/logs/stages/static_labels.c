/* Gives entries labels that are the same for all: {team: payments}. */
#include "logs/stages/common_pick.h"

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	(void)a;
	*out = settings;
	return pick_check(settings, LOG_MAX_LABELS, err);
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct string_map *map = s->plan;

	for (size_t i = 0; i < map->n; i++)
		if (!log_pairs_set(&e->labels, span_of(map->items[i].key), span_of(map->items[i].value)))
			stage_fail(s, "too many labels");
	return STAGE_NEXT;
}

const struct stage_kind stage_static_labels = {
	.settings = {.name = "static_labels",
                     .type = FIELD_STRING_MAP,
                     .key_ok = label_name_valid,
                     .key_rule = "letters, digits and _, not beginning with a digit",
                     .help = "Gives entries labels that are the same for all of them."},
	.prepare = prepare,
	.run = run,
};
