/* Families to text: Prometheus 0.0.4 and OpenMetrics 1.0.0.
 *
 * Sample names are the same in both. A counter whose name lacks _total is `unknown` in OpenMetrics; no
 * _created lines are made. Families of the same name from several sets are merged into one block, in the order
 * of first appearance; one whose type differs from the first is left out and counted.
 * Sources: the Prometheus exposition formats page; the OpenMetrics 1.0.0 specification. Any thread. */
#pragma once

#include "base/buf.h"
#include "metric/metric.h"

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS };

/* Appends the whole exposition to `out` (check out->failed) and returns how many families were left out
 * because of a type conflict. `scratch` is used and may be reset afterwards. */
size_t exposition_write(struct buf *out, enum exposition_format format, struct arena *scratch,
                        const struct sample_set *const *sets, size_t n_sets);

/* The Content-Type that goes with it; `escaping`: with the scheme of names, for clients that know of it. */
const char *exposition_content_type(enum exposition_format format, bool escaping);
