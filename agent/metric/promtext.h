/* Reads expositions in the Prometheus text format 0.0.4 into a sample set.
 *
 * One `struct promtext` reads any number of texts and remembers which families and series they brought: several
 * texts may add to one family, but no two may bring the same series or disagree about a family's type. A text is
 * taken as a whole or not at all. Where the set gives its samples a target, a label `target` in a text becomes
 * `exported_target`, as Prometheus does with labels of its own. Strict: what the format does not know is an error
 * "name:line: what". All memory is the arena's; texts may be freed after the call. One thread at a time. Source: the
 * Prometheus exposition formats page. */
#pragma once

#include "base/err.h"
#include "base/scan.h"
#include "metric/metric.h"

enum {
	PROMTEXT_MAX_BYTES = 16 * 1024 * 1024,
	PROMTEXT_MAX_LINE = 1024 * 1024,
	PROMTEXT_MAX_LABELS = 64,
};

struct promtext_table {
	struct promtext_slot *slots; /* open addressing by hash */
	size_t size, used;
};

struct promtext {
	struct arena *arena;
	struct promtext_table families; /* by name */
	struct promtext_table series;
	bool timestamps_allowed; /* they are left out; else a sample with one is an error */
};

void promtext_init(struct promtext *t, struct arena *arena, bool timestamps_allowed);

/* Adds all samples of the text, which errors call `name`, to the set. -1: it is at fault, and nothing was added. */
MUST_CHECK int promtext_read(struct promtext *t, struct sample_set *set, const char *name, struct span text,
                             struct err *err);
