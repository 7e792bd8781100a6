/* Metrics of the business, each declared by a query in the settings. They are asked on the connection that the target's
 * own statistics use: a server never sees more of us. */
#include "exporters/sql/common_query.h"

#define SECOND INT64_C(1000000000)

static const char *const types[] = {"gauge", "counter", "histogram", NULL};

static const struct field fields[] = {
	F_REFS(struct query, target, "postgres", "Where to ask; may be left out where there is only one."),
	{.name = "help",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct query, help, const char *),
         .help = "What the metric tells, for the reader of a graph.",
         .required = true},
	F_ENUM(struct query, type, "gauge", "What kind of number it is.", types),
	{.name = "query",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct query, sql, const char *),
         .help = "One statement that only reads; each row becomes a series.",
         .required = true},
	F_STRINGS(struct query, labels, NULL, "Columns that become labels."),
	F_STRING(struct query, value, NULL, "Column with the number; the metric has the query's name."),
	F_STRINGS(struct query, values, NULL,
                  "Columns with a number each; the metrics are called as the query, an underscore and the column."),
	{.name = "buckets",
         .type = FIELD_STRING_MAP,
         .offset = FIELD_AT(struct query, buckets, struct string_map),
         .help = "Of a histogram: columns that count what is at most as large as the bound given; columns count and "
                 "sum "
                 "are needed besides."},
	{.name = "min_interval",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct query, min_interval, int64_t),
         .def = "0s",
         .help = "A reply that is younger is given again instead of asking.",
         .max = 86400 * SECOND},
	{.name = "timeout",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct query, timeout, int64_t),
         .def = "2s",
         .help = "The server ends the query after this time, or as soon as the scrape's deadline comes near.",
         .min = SECOND / 10,
         .max = 60 * SECOND},
	F_INT(struct query, max_series, "1000", "With more rows none of them is reported.", 1, 10000),
	{0},
};

const struct exporter exporter_sql = {
	.name = "sql",
	.help = "Metrics from queries of your own.",
	.job = "sql",
	.many_targets = true,
	.attaches_to = "postgres",
	.fields = fields,
	.config_size = sizeof(struct query),
	.check = query_check,
};
