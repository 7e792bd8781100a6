/* HELP and TYPE, and in OpenMetrics UNIT and EOF. */
#include "metric/promtext_inside.h"

static const struct type_name {
	const char *name;
	enum promtext_type type;
	enum metric_type passed_on_as;
	bool text, openmetrics; /* in which formats it is known */
} types[] = {
	{"gauge", PROMTEXT_GAUGE, METRIC_GAUGE, true, true},
	{"counter", PROMTEXT_COUNTER, METRIC_COUNTER, true, true},
	{"untyped", PROMTEXT_UNKNOWN, METRIC_UNTYPED, true, false},
	{"unknown", PROMTEXT_UNKNOWN, METRIC_UNTYPED, false, true},
	{"histogram", PROMTEXT_HISTOGRAM, METRIC_HISTOGRAM, true, true},
	{"summary", PROMTEXT_SUMMARY, METRIC_SUMMARY, true, true},
	{"stateset", PROMTEXT_STATESET, METRIC_GAUGE, false, true},
	{"info", PROMTEXT_INFO, METRIC_GAUGE, false, true},
	{"gaugehistogram", PROMTEXT_GAUGEHISTOGRAM, METRIC_GAUGE, false, true},
};

static bool openmetrics(const struct text *t)
{
	return t->reader->format == PROMTEXT_OPENMETRICS;
}

static const struct type_name *find_type(const struct text *t, struct span word)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (span_eq(word, types[i].name) && (openmetrics(t) ? types[i].openmetrics : types[i].text))
			return &types[i];
	return NULL;
}

/* Samples of some types have names of their own, and under those they are passed on. */
static void set_type(struct text *t, struct promtext_family *f, const struct type_name *type)
{
	f->type = type->type;
	f->desc.type = type->passed_on_as;
	if (!openmetrics(t))
		return;
	if (type->type == PROMTEXT_COUNTER)
		f->desc.name = arena_printf(t->arena, "%s_total", f->name);
	else if (type->type == PROMTEXT_INFO)
		f->desc.name = arena_printf(t->arena, "%s_info", f->name);
}

static int type_line(struct text *t, struct promtext_family *f, struct span rest)
{
	const struct type_name *type = find_type(t, span_trim(rest));

	if (f->typed)
		return promtext_fault_of(t, f->name, "has a second TYPE line");
	if (f->sampled)
		return promtext_fault_of(t, f->name, "has its TYPE line after its samples");
	if (!type)
		return promtext_fault_of(
			t, f->name,
			openmetrics(t) ? "is of no type that OpenMetrics knows"
				       : "is of no known type: counter, gauge, histogram, summary or untyped");
	f->typed = true;
	set_type(t, f, type);
	return 0;
}

static int help_line(struct text *t, struct promtext_family *f, struct span rest)
{
	if (f->helped)
		return promtext_fault_of(t, f->name, "has a second HELP line");
	f->helped = true;
	return promtext_scan_help(t, rest, &f->desc.help);
}

/* The name says it, too, and nobody else asks. */
static int unit_line(struct text *t, struct promtext_family *f, struct span rest)
{
	(void)t, (void)f, (void)rest;
	return 0;
}

static int end_line(struct text *t, struct span rest)
{
	if (rest.len)
		return promtext_fault(t, "there is more behind # EOF");
	t->ended = true;
	return 0;
}

int promtext_comment(struct text *t, struct span rest)
{
	static const struct {
		const char *word;
		int (*read)(struct text *t, struct promtext_family *f, struct span rest);
		bool openmetrics_only;
	} lines[] = {{"HELP", help_line, false}, {"TYPE", type_line, false}, {"UNIT", unit_line, true}};
	struct span word, name;
	size_t i = 0;

	promtext_skip_blanks(&rest);
	scan_field(&rest, &word);
	if (openmetrics(t) && span_eq(word, "EOF"))
		return end_line(t, rest);
	while (i < ARRAY_LEN(lines) &&
	       (!span_eq(word, lines[i].word) || (lines[i].openmetrics_only && !openmetrics(t))))
		i++;
	if (i == ARRAY_LEN(lines))
		return openmetrics(t) ? promtext_fault(t, "a line of OpenMetrics begins with # HELP, TYPE, UNIT or EOF")
		                      : 0;
	promtext_skip_blanks(&rest);
	name = promtext_scan_name(&rest, true);
	if (!name.len || (rest.len && *rest.s != ' ' && *rest.s != '\t'))
		return promtext_fault(t, "after HELP and TYPE comes the name of a metric");
	promtext_skip_blanks(&rest);
	return lines[i].read(t, promtext_get_family(t, arena_strndup(t->arena, name.s, name.len)), rest);
}
