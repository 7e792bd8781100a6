/* Extracts the named groups of a regular expression: '(?P<level>[A-Z]+): (?P<message>.*)'. */
#include "config/regex.h"
#include "logs/stage.h"

struct config {
	const struct regex *expression;
	const char *source;
};

static const struct field rows[] = {
	{.name = "expression",
         .type = FIELD_REGEX,
         .offset = FIELD_AT(struct config, expression, const struct regex *),
         .required = true,
         .help = "The expression; each of its named groups becomes an extracted value."},
	F_STRING(struct config, source, NULL, "The extracted value to read instead of the line."),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;
	size_t names = 0;

	(void)a;
	for (size_t i = 0; c->expression && i < regex_groups(c->expression); i++)
		names += regex_group_name(c->expression, i) != NULL;
	if (!names)
		return err_set(err, "expression has no named group; write (?P<name>…) around what is wanted");
	if (regex_groups(c->expression) > REGEX_MAX_GROUPS)
		return err_set(err, "expression has more than %d groups; write (?:…) for those without a name",
		               REGEX_MAX_GROUPS - 1);
	*out = settings;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	const struct span *source = stage_source(e, c->source);
	struct span groups[REGEX_MAX_GROUPS];
	enum regex_result found;

	if (!source) {
		stage_fail(s, "source is missing");
		return STAGE_NEXT;
	}
	found = regex_find(c->expression, *source, 0, groups);
	if (found != REGEX_MATCH) {
		stage_fail(s, found == REGEX_LIMIT ? "match limit" : "no match");
		return STAGE_NEXT;
	}
	for (size_t i = 1; i < regex_groups(c->expression); i++) {
		const char *name = regex_group_name(c->expression, i);

		if (name && groups[i].s)
			stage_extract(s, e, span_of(name), groups[i]);
	}
	return STAGE_NEXT;
}

const struct stage_kind stage_regex = {
	.settings = {.name = "regex",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Extracts the named groups of a regular expression."},
	.prepare = prepare,
	.run = run,
};
