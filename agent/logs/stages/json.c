/* Reads fields of a line of JSON: `fields: {level: level, status: response.status}` extracts two. */
#include "logs/json_read.h"
#include "logs/stage.h"

struct config {
	struct string_map fields;
	const char *source;
	bool drop_malformed;
};

struct plan {
	const char *source;
	bool drop_malformed;
	size_t n;
	struct span *names;
	struct json_want *wants;
};

static const struct field rows[] = {
	{.name = "fields",
         .type = FIELD_STRING_MAP,
         .offset = FIELD_AT(struct config, fields, struct string_map),
         .names_too = true,
         .help = "What to extract, each with its path in the object; the path's keys are separated by dots."},
	F_STRING(struct config, source, NULL, "The extracted value to read instead of the line."),
	F_BOOL(struct config, drop_malformed, "false", "Drop what is no JSON object."),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;
	struct plan *p = ARENA_NEW(a, struct plan);

	if (!c->fields.n || c->fields.n > JSON_MAX_WANTS)
		return err_set(err, "fields names %zu values; name 1 to %d", c->fields.n, JSON_MAX_WANTS);
	*p = (struct plan){.source = c->source, .drop_malformed = c->drop_malformed, .n = c->fields.n};
	p->names = ARENA_ARRAY(a, struct span, p->n);
	p->wants = ARENA_ARRAY(a, struct json_want, p->n);
	for (size_t i = 0; i < p->n; i++) {
		p->names[i] = span_of(c->fields.items[i].key);
		if (!json_want_parse(span_of(c->fields.items[i].value), &p->wants[i]))
			return err_set(err, "fields.%s is no path; write its keys with a dot between two, at most %d",
			               c->fields.items[i].key, JSON_MAX_STEPS);
	}
	*out = p;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct plan *p = s->plan;
	const struct span *source = stage_source(e, p->source);
	struct json_value values[JSON_MAX_WANTS];

	if (!source) {
		stage_fail(s, "source is missing");
		return STAGE_NEXT;
	}
	if (!json_read(e->arena, *source, p->wants, p->n, values)) {
		if (p->drop_malformed)
			return stage_dropped(e, "not JSON");
		stage_fail(s, "not JSON");
		return STAGE_NEXT;
	}
	for (size_t i = 0; i < p->n; i++)
		if (values[i].kind == JSON_READ_STRING || values[i].kind == JSON_READ_RAW)
			stage_extract(s, e, p->names[i], values[i].text);
	return STAGE_NEXT;
}

const struct stage_kind stage_json = {
	.settings = {.name = "json",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Reads fields of a line of JSON."},
	.prepare = prepare,
	.run = run,
};
