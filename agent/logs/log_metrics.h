/* What the log pipeline counts about itself. The threads of the pipeline add, scrapes read. */
#pragma once

#include <stdatomic.h>

#include "metric/metric.h"

enum log_drop { DROP_REFUSED, DROP_TOO_BIG, DROP_STREAMS, DROP_HELD, DROP_DAMAGED, LOG_DROPS };

/* Of one source. */
struct source_counts {
	const char *name;
	uint64_t lag; /* the reader's, while it adds up */
	atomic_uint_fast64_t read_bytes, read_lines, lag_bytes, files;
	atomic_int_fast64_t last_real_ns; /* when something was read last; 0: never */
};

struct log_counts {
	struct source_counts *sources;
	size_t n_sources;
	atomic_uint_fast64_t truncated_lines, repaired_lines, files_truncated;
	atomic_uint_fast64_t sent_entries, sent_bytes, pushes, retries, dropped[LOG_DROPS], dropped_bytes;
	atomic_uint_fast64_t replayed, held_bytes;
	atomic_int_fast64_t oldest_real_ns; /* when the oldest entry that is not acknowledged was read; 0: none */
	atomic_int_fast64_t latency_ns;     /* of the last push, from its first entry to the reply */
	atomic_int last_status;
	atomic_bool storage_ok, delivering;
};

extern const struct metric_desc log_metrics[];

/* How long ago it was read last where there is more to read, in seconds; else 0. */
double source_lag_seconds(struct source_counts *c);

void log_counts_collect(struct log_counts *c, struct sample_set *set);

static inline void log_count(atomic_uint_fast64_t *at, uint64_t n)
{
	atomic_fetch_add_explicit(at, n, memory_order_relaxed);
}
