/* Takes all labels away but some: [service_name, level]. */
#include "logs/stage.h"

static bool allowed(const struct string_list *names, struct span name)
{
	for (size_t i = 0; i < names->n; i++)
		if (span_eq(name, names->items[i]))
			return true;
	return false;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct string_list *names = s->plan;

	for (size_t i = e->labels.n; i > 0; i--)
		if (!allowed(names, e->labels.items[i - 1].name))
			log_pairs_remove(&e->labels, e->labels.items[i - 1].name);
	return STAGE_NEXT;
}

const struct stage_kind stage_labelallow = {
	.settings = {.name = "labelallow",
                     .type = FIELD_STRING_LIST,
                     .help = "Takes away all labels but those that are named."},
	.run = run,
};
