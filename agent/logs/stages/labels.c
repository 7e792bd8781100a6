/* Makes extracted values labels: `[level]`, or `{level: severity}` where the value has another name. */
#include "logs/stage.h"

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct string_map *labels = settings;

	(void)a;
	if (labels->n > LOG_MAX_LABELS)
		return err_set(err, "%zu labels; Loki takes at most %d", labels->n, LOG_MAX_LABELS);
	*out = settings;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct string_map *labels = s->plan;

	for (size_t i = 0; i < labels->n; i++) {
		const struct span *value = log_pairs_find(&e->extracted, span_of(labels->items[i].value));

		if (value && value->len && !log_pairs_set(&e->labels, span_of(labels->items[i].key), *value))
			stage_fail(s, "too many labels");
	}
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
