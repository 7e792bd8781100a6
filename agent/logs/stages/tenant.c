/* Sends the entry to another tenant of Loki than the endpoint's: a fixed one, or an extracted value or label. */
#include "logs/stage.h"

struct config {
	const char *value, *source, *label;
};

static const struct field rows[] = {
	F_STRING(struct config, value, NULL, "The tenant itself."),
	F_STRING(struct config, source, NULL, "The extracted value that names it."),
	F_STRING(struct config, label, NULL, "The label that names it."),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;

	(void)a;
	if (!!c->value + !!c->source + !!c->label != 1)
		return err_set(err, "needs one way to find the tenant; write value, source or label");
	*out = settings;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	const struct span *found;

	if (c->value) {
		e->tenant = c->value;
		return STAGE_NEXT;
	}
	found = c->source ? log_pairs_find(&e->extracted, span_of(c->source))
	                  : log_pairs_find(&e->labels, span_of(c->label));
	if (found && found->len && !memchr(found->s, '\0', found->len))
		e->tenant = arena_strndup(e->arena, found->s, found->len);
	else
		stage_fail(s, "source is missing");
	return STAGE_NEXT;
}

const struct stage_kind stage_tenant = {
	.settings = {.name = "tenant",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Sends the entry to another tenant of Loki than the endpoint's."},
	.prepare = prepare,
	.run = run,
};
