/* Reads expositions in the Prometheus text format 0.0.4, or OpenMetrics 1.0, into a sample set.
 *
 * One `struct promtext` reads any number of texts and remembers which families and series they brought: several
 * texts may add to one family, but no two may bring the same series or disagree about a family's type. A text is
 * taken as a whole or not at all. Where the set gives its samples a target, a label `target` in a text becomes
 * `exported_target`, as Prometheus does with labels of its own. Strict: what the format does not know is an error
 * "name:line: what". Of OpenMetrics, infos and state sets are passed on as gauges, and so are the parts of a gauge
 * histogram; exemplars and times of creation are left out. All memory is the arena's; texts may be freed after the
 * call. One thread at a time. Source: the Prometheus exposition formats page. */
#pragma once

#include "base/err.h"
#include "base/scan.h"
#include "metric/metric.h"

enum {
	PROMTEXT_MAX_BYTES = 16 * 1024 * 1024,
	PROMTEXT_MAX_LINE = 1024 * 1024,
	PROMTEXT_MAX_LABELS = 64,
};

enum promtext_format { PROMTEXT_TEXT, PROMTEXT_OPENMETRICS };

struct promtext_table {
	struct promtext_slot *slots; /* open addressing by hash */
	size_t size, used;
};

/* A sample on its way into the set. */
struct promtext_sample {
	const struct metric_desc *family;
	enum sample_suffix suffix;
	struct label *labels; /* by name; room for PROMTEXT_MAX_LABELS */
	size_t n;
	double value;
	void **kept; /* what promtext_admit_fn may keep for the family while the text is read; NULL at first */
};

/* May change the labels where changes_labels says so, and leaves them in order; false: the sample is left out. Where
 * two counters, histograms or summaries come to the same labels by that, they are added up; with other types that is an
 * error. */
typedef bool promtext_admit_fn(void *arg, struct promtext_sample *s);

struct promtext {
	struct arena *arena;
	struct promtext_table families; /* by name */
	struct promtext_table series;
	bool timestamps_allowed; /* they are left out; else a sample with one is an error */
	enum promtext_format format;
	promtext_admit_fn *admit; /* NULL: all, as they are */
	void *admit_arg;
	bool changes_labels; /* what admit does */
};

/* Text format, all samples. */
void promtext_init(struct promtext *t, struct arena *arena, bool timestamps_allowed);

/* Adds all samples of the text, which errors call `name`, to the set. -1: it is at fault, and nothing was added. */
MUST_CHECK int promtext_read(struct promtext *t, struct sample_set *set, const char *name, struct span text,
                             struct err *err);

/* Into the order that promtext_admit_fn leaves. */
void promtext_sort_labels(struct label *labels, size_t n);
