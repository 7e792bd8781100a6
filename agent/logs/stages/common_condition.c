#include "logs/stages/common_condition.h"

#include "base/clock.h"
#include "config/regex.h"

const struct field condition_fields[] = {
	F_REGEX(struct condition, expression, NULL, "What the line, or the source, matches."),
	F_STRING(struct condition, source, NULL,
                 "The extracted value to look at instead of the line; alone: that it is there and not empty."),
	F_STRING(struct condition, value, NULL, "What the source is, exactly."),
	F_DURATION(struct condition, older_than, "0s", "The entry's age by its time; 0s: any."),
	F_SIZE(struct condition, longer_than, "0B", "The bytes that the line is longer than; 0: any."),
	F_STRING(struct condition, reason, NULL, "How the dropped are counted."),
	{0},
};

int condition_prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct condition *c = settings;

	(void)a;
	if (!c->expression && !c->source && !c->older_than && !c->longer_than)
		return err_set(err, "holds for every entry; write expression, source, older_than or longer_than");
	if (c->value && !c->source)
		return err_set(err, "value needs the source that it is the value of; write source too");
	*out = settings;
	return 0;
}

static bool text_holds(struct stage *s, const struct condition *c, struct span text)
{
	struct span groups[REGEX_MAX_GROUPS];
	enum regex_result found;

	if (c->value && !span_eq(text, c->value))
		return false;
	if (!c->expression)
		return text.len > 0 || !c->source || c->value;
	found = regex_find(c->expression, text, 0, groups);
	if (found == REGEX_LIMIT)
		stage_fail(s, "match limit");
	return found == REGEX_MATCH;
}

bool condition_holds(struct stage *s, const struct log_entry *e)
{
	const struct condition *c = s->plan;
	const struct span *text = stage_source(e, c->source);

	if (c->longer_than && e->line.len <= c->longer_than)
		return false;
	if (c->older_than && clock_real_ns() - e->timestamp_ns <= c->older_than)
		return false;
	return text && text_holds(s, c, *text);
}
