/* Which family a sample belongs to: its name says so, with an ending that depends on the family's type. */
#include "base/num.h"
#include "metric/promtext_inside.h"

#define TYPE(type) (1U << PROMTEXT_##type)

struct ending {
	const char *text;
	unsigned types; /* of families whose samples have it */
	enum sample_suffix suffix;
	bool own_family;    /* passed on as a gauge of the sample's own name */
	bool creation_time; /* not passed on */
};

static const struct ending text_endings[] = {
	{"_bucket", TYPE(HISTOGRAM), SUFFIX_BUCKET, false, false},
	{"_sum", TYPE(HISTOGRAM) | TYPE(SUMMARY), SUFFIX_SUM, false, false},
	{"_count", TYPE(HISTOGRAM) | TYPE(SUMMARY), SUFFIX_COUNT, false, false},
	{0},
};

static const struct ending openmetrics_endings[] = {
	{"_total", TYPE(COUNTER), SUFFIX_NONE, false, false},
	{"_bucket", TYPE(HISTOGRAM), SUFFIX_BUCKET, false, false},
	{"_sum", TYPE(HISTOGRAM) | TYPE(SUMMARY), SUFFIX_SUM, false, false},
	{"_count", TYPE(HISTOGRAM) | TYPE(SUMMARY), SUFFIX_COUNT, false, false},
	{"_created", TYPE(COUNTER) | TYPE(HISTOGRAM) | TYPE(SUMMARY), SUFFIX_NONE, false, true},
	{"_info", TYPE(INFO), SUFFIX_NONE, false, false},
	{"_bucket", TYPE(GAUGEHISTOGRAM), SUFFIX_NONE, true, false},
	{"_gsum", TYPE(GAUGEHISTOGRAM), SUFFIX_NONE, true, false},
	{"_gcount", TYPE(GAUGEHISTOGRAM), SUFFIX_NONE, true, false},
	{0},
};

static bool openmetrics(const struct text *t)
{
	return t->reader->format == PROMTEXT_OPENMETRICS;
}

/* The family whose samples have that name with that ending; NULL: there is none. */
static struct promtext_family *family_before(struct text *t, const char *name, const struct ending *e)
{
	size_t len = strlen(name), end = strlen(e->text);
	struct promtext_family *f;

	if (len <= end || strcmp(name + len - end, e->text) != 0)
		return NULL;
	f = promtext_find_family(t, arena_strndup(t->arena, name, len - end));
	return f && e->types >> f->type & 1 ? f : NULL;
}

static struct promtext_family *gauge_of(struct text *t, const char *name)
{
	struct promtext_family *f = promtext_get_family(t, name);

	f->type = PROMTEXT_GAUGE;
	f->desc.type = METRIC_GAUGE;
	f->typed = true;
	return f;
}

static bool needs_ending(const struct text *t, const struct promtext_family *f)
{
	const unsigned types = TYPE(COUNTER) | TYPE(INFO) | TYPE(GAUGEHISTOGRAM);

	return openmetrics(t) && types >> f->type & 1;
}

int promtext_find_place(struct text *t, const char *name, struct promtext_place *out)
{
	struct promtext_family *f = promtext_find_family(t, name);
	const struct ending *e = openmetrics(t) ? openmetrics_endings : text_endings;

	*out = (struct promtext_place){f, SUFFIX_NONE, false};
	for (; !f && e->text; e++) {
		f = family_before(t, name, e);
		if (f)
			*out = (struct promtext_place){e->own_family ? gauge_of(t, name) : f, e->suffix,
			                               e->creation_time};
	}
	if (out->family && out->family == promtext_find_family(t, name) && needs_ending(t, out->family))
		return promtext_fault_of(t, name, "is of a type whose samples have an ending, such as _total");
	if (!f)
		out->family = promtext_get_family(t, name);
	return 0;
}

static bool is_number(const char *s)
{
	double ignored;

	return num_parse_double(s, strlen(s), &ignored);
}

int promtext_check_place(const struct text *t, const struct promtext_place *place, const struct labels *labels)
{
	enum metric_type type = place->family->desc.type;
	const char *name = place->family->name;

	if (type == METRIC_HISTOGRAM && place->suffix == SUFFIX_NONE)
		return promtext_fault_of(t, name, "is a histogram: its samples end with _bucket, _sum or _count");
	if (place->suffix == SUFFIX_BUCKET && (!labels->le || !is_number(labels->le)))
		return promtext_fault_of(t, name, "has a bucket without le=\"<number>\"");
	if (type == METRIC_SUMMARY && place->suffix == SUFFIX_NONE &&
	    (!labels->quantile || !is_number(labels->quantile)))
		return promtext_fault_of(t, name, "is a summary: a sample needs quantile=\"<number>\"");
	return 0;
}
