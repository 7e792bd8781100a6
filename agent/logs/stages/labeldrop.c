/* Takes labels away: [filename, stream]. */
#include "logs/stage.h"

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct string_list *names = s->plan;

	for (size_t i = 0; i < names->n; i++)
		log_pairs_remove(&e->labels, span_of(names->items[i]));
	return STAGE_NEXT;
}

const struct stage_kind stage_labeldrop = {
	.settings = {.name = "labeldrop", .type = FIELD_STRING_LIST, .help = "Takes away the labels that are named."},
	.run = run,
};
