/* Collectors that are data: queries whose columns name the metrics and labels.
 *
 * A column called x is the value of the metric prefix + x where there is one, else the label x of all values in its
 * row; NULL is no sample. A metric that has the label `server` gets it without a column. */
#pragma once

#include "collect/ask.h"

struct sql_query {
	const char *name;                /* "stat_bgwriter": for what rests after a time-out, and for fixtures */
	int min_version, before_version; /* 170000: from 17 on; 0: no limit */
	const char *sql;
	int64_t min_interval_ns; /* 0: asked each time; what costs the server much says in its HELP that it is not */
};

// clang-format off
/* Stands in the metrics of each collector that uses sql_collect. */
#define SQL_METRICS                                                                                                    \
	{"vedette_pg_cut_rows", "Rows of a reply that are left out because of max_series, by query.", METRIC_GAUGE,    \
	 "query"}
// clang-format on

struct sql_table {
	const char *prefix;
	const struct metric_desc *metrics; /* the collector's own */
	const struct sql_query *queries; /* all that fit the server's version are asked; a row without sql ends them */
};

#define SQL_ONCE_A_MINUTE (60 * INT64_C(1000000000))

/* Asks all and adds what came, of each reply the first rows up to the target's max_series; -1 with the first error. */
MUST_CHECK int sql_collect(struct probe *p, const struct sql_table *t, struct sample_set *set, struct err *err);
