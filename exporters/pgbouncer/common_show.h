/* Collectors that are data: what the columns of a SHOW of PgBouncer's console mean.
 *
 * Columns are found by their names, because every release has others; what is not known here is counted and left
 * out. Rows of equal labels are added up, and so are columns of a row that mean the same metric: no series is there
 * twice. Memory is the probe's arena; the lane's thread calls this. */
#pragma once

#include "collect/ask.h"

struct show_column {
	const char *name;   /* in the reply; with a * at its end: all that begin so */
	const char *label;  /* NULL: it is no label */
	const char *metric; /* what comes after the table's prefix; NULL: it is no metric */
	double factor;      /* to base units; 0: 1 */
	/* NULL, or what makes a label of the text */
	const char *(*read)(struct arena *a, const struct pg_rows *rows, size_t row, const char *text);
};

/* A column that is neither label nor metric is known and not reported. */
struct show_table {
	const char *name;                  /* "pools" for SHOW POOLS: in fixtures, and in the label `show` */
	const char *sql;                   /* "SHOW POOLS" */
	const char *prefix;                /* "pgbouncer_pools_" */
	const struct metric_desc *metrics; /* the collector's own; SHOW_METRICS come first */
	const struct show_column *columns; /* a row without name ends them */
	const char *count;                 /* metric that counts the rows; NULL: none */
	/* not NULL: each row is one thing, with its name in this column and its value in that one */
	const char *key, *value;
};

// clang-format off
#define SHOW_METRICS                                                                                                   \
	{"vedette_pgbouncer_unknown_columns",                                                                          \
	 "Columns, or rows that stand for one, of a newer PgBouncer's reply that are left out.", METRIC_GAUGE, "show"},\
	{"vedette_pgbouncer_cut_series", "Sets of labels that are left out because there are too many.",               \
	 METRIC_GAUGE, "show"}
// clang-format on

enum { SHOW_MAX_SERIES = 1000 }; /* sets of labels */

MUST_CHECK int show_collect(struct probe *p, const struct show_table *t, struct sample_set *set, struct err *err);

/* The text in valid UTF-8 and not longer than a label should be: texts that look the same are the same. */
const char *show_label(struct arena *a, const char *text);
