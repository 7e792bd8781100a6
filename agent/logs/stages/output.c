/* Makes an extracted value the line. */
#include "logs/stage.h"

struct config {
	const char *source;
};

static const struct field rows[] = {
	{.name = "source",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct config, source, const char *),
         .required = true,
         .help = "The extracted value that becomes the line."},
	{0},
};

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	const struct span *value = stage_source(e, c->source);

	if (value)
		e->line = *value;
	else
		stage_fail(s, "source is missing");
	return STAGE_NEXT;
}

const struct stage_kind stage_output = {
	.settings = {.name = "output",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Makes an extracted value the line."},
	.run = run,
};
