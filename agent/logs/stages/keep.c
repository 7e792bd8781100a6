/* Keeps only entries for which all that is written here holds. */
#include "logs/stages/common_condition.h"

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct condition *c = s->plan;

	return condition_holds(s, e) ? STAGE_NEXT : stage_dropped(e, c->reason ? c->reason : "keep");
}

const struct stage_kind stage_keep = {
	.settings = {.name = "keep",
                     .type = FIELD_STRUCT,
                     .fields = condition_fields,
                     .item_size = sizeof(struct condition),
                     .help = "Keeps only entries for which all that is written here holds."},
	.prepare = condition_prepare,
	.run = run,
};
