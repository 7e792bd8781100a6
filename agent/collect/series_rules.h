/* What becomes of series that another program tells: which are passed on, with which labels, and how many.
 *
 * The settings are immutable; a passage is one reading of an exposition on a lane's thread, in its collection's arena.
 * What it must know in the next collection is in the lane's memo. */
#pragma once

#include "collect/memo.h"
#include "config/field.h"
#include "metric/promtext.h"

enum { SERIES_RULES_MAX = 64, SERIES_CAP_MAX = 8000 };

struct series_rules {
	struct list rules;  /* of struct chosen, applied in turn */
	int64_t max_series; /* of one family; a histogram's or summary's parts are one */
};

extern const struct field series_rule_fields[];
MUST_CHECK int series_rule_check(const struct field *f, const struct list *list, size_t i, struct err *err);

// clang-format off
/* Rows for `struct series_rules m` in s; `d` is the default of the rules, as YAML, or NULL. */
#define SERIES_RULES_FIELDS(s, m, d)                                                                            \
	{.name = "series", .type = FIELD_CHOICES, .offset = FIELD_AT(s, m.rules, struct list), .def = d,              \
	 .fields = series_rule_fields, .check = series_rule_check,                                                      \
	 .help = "Which of its series are passed on, and with which labels; the rules are applied in turn. Counters, "  \
		 "histograms and summaries that come to the same labels are added up."},                                \
	{.name = "max_series", .type = FIELD_INT, .offset = FIELD_AT(s, m.max_series, int64_t), .def = "2000",        \
	 .min = 1, .max = SERIES_CAP_MAX,                                                                               \
	 .help = "The most series of one metric that are passed on; the rest is counted in "                            \
		 "vedette_series_over_cap_total. A histogram is one series here."}
// clang-format on

/* What a passage may add; a row of the collector's table. */
#define SERIES_RULES_METRIC                                                                                            \
	{                                                                                                              \
		"vedette_series_over_cap_total",                                                                       \
			"Samples that were not passed on because their family has more series than max_series.",       \
			METRIC_COUNTER, "family"                                                                       \
	}

struct series_passage {
	const struct series_rules *rules;
	struct arena *arena;
	struct memo *memo;
	struct passing_family *first;
};

/* What `reader` reads from here on goes through the rules and the cap, until series_passage_end. Which series of a
 * family over the cap are passed on stays the same from one collection to the next. */
void series_passage_begin(struct series_passage *p, const struct series_rules *rules, struct memo *memo,
                          struct promtext *reader);

/* Adds how many samples were left out for the cap, as desc, of a SERIES_RULES_METRIC. */
void series_passage_end(struct series_passage *p, const struct metric_desc *desc, struct sample_set *set);
