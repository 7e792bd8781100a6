/* Drops entries for which all that is written here holds. */
#include "logs/stages/common_condition.h"

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct condition *c = s->plan;

	return condition_holds(s, e) ? stage_dropped(e, c->reason ? c->reason : "drop") : STAGE_NEXT;
}

const struct stage_kind stage_drop = {
	.settings = {.name = "drop",
                     .type = FIELD_STRUCT,
                     .fields = condition_fields,
                     .item_size = sizeof(struct condition),
                     .help = "Drops entries for which all that is written here holds."},
	.prepare = condition_prepare,
	.run = run,
};
