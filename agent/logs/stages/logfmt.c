/* Reads pairs of a logfmt line: `fields: [level, msg]`, or `{message: msg}` under another name. */
#include "logs/logfmt_read.h"
#include "logs/stage.h"

struct config {
	struct string_map fields;
	const char *source;
};

static const struct field rows[] = {
	{.name = "fields",
         .type = FIELD_STRING_MAP,
         .offset = FIELD_AT(struct config, fields, struct string_map),
         .names_too = true,
         .help = "What to extract, each with its key in the line."},
	F_STRING(struct config, source, NULL, "The extracted value to read instead of the line."),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;

	(void)a;
	if (!c->fields.n || c->fields.n > LOG_MAX_EXTRACTED)
		return err_set(err, "fields names %zu values; name 1 to %d", c->fields.n, LOG_MAX_EXTRACTED);
	*out = settings;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	const struct span *source = stage_source(e, c->source);
	struct span rest, key, value;
	bool found = false;

	if (!source) {
		stage_fail(s, "source is missing");
		return STAGE_NEXT;
	}
	rest = *source;
	while (logfmt_next(e->arena, &rest, &key, &value))
		for (size_t i = 0; i < c->fields.n; i++)
			if (span_eq(key, c->fields.items[i].value)) {
				stage_extract(s, e, span_of(c->fields.items[i].key), value);
				found = true;
			}
	if (!found)
		stage_fail(s, "no such keys");
	return STAGE_NEXT;
}

const struct stage_kind stage_logfmt = {
	.settings = {.name = "logfmt",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Reads pairs of a logfmt line."},
	.prepare = prepare,
	.run = run,
};
