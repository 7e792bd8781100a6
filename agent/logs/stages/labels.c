/* Makes extracted values labels: `[level]`, or `{level: severity}` where the value has another name. */
#include "logs/stages/common_pick.h"

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	(void)a;
	*out = settings;
	return pick_check(settings, LOG_MAX_LABELS, err);
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	pick_values(s, e, s->plan, &e->labels, "too many labels");
	return STAGE_NEXT;
}

const struct stage_kind stage_labels = {
	.settings = {.name = "labels",
                     .type = FIELD_STRING_MAP,
                     .key_ok = label_name_valid,
                     .key_rule = "letters, digits and _, not beginning with a digit",
                     .names_too = true,
                     .help = "Makes extracted values labels; few different ones, for each is a stream of its own."},
	.prepare = prepare,
	.run = run,
};
