/* Sends extracted values along with the line: `[status]`, or `{status: response_status}`. */
#include "logs/stages/common_pick.h"

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	(void)a;
	*out = settings;
	return pick_check(settings, LOG_MAX_METADATA, err);
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	pick_values(s, e, s->plan, &e->metadata, "too many values");
	return STAGE_NEXT;
}

const struct stage_kind stage_structured_metadata = {
	.settings = {.name = "structured_metadata",
                     .type = FIELD_STRING_MAP,
                     .key_ok = label_name_valid,
                     .key_rule = "letters, digits and _, not beginning with a digit",
                     .names_too = true,
                     .help = "Sends extracted values along with the line; they may be as many as there are lines."},
	.prepare = prepare,
	.run = run,
};
