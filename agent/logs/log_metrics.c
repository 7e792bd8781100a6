#include "logs/log_metrics.h"

#include "base/clock.h"

enum {
	READ_BYTES,
	READ_LINES,
	FILES,
	LAG,
	LAG_SECONDS,
	CUT_LINES,
	REPAIRED,
	FILES_TRUNCATED,
	HELD,
	SENT_ENTRIES,
	SENT_BYTES,
	PUSHES,
	RETRIES,
	REPLAYED,
	DROPPED,
	DROPPED_BYTES,
	OLDEST,
	LATENCY,
	DELIVERING,
	STORAGE,
};

const struct metric_desc log_metrics[] = {
	[READ_BYTES] = {"vedette_logs_read_bytes_total", "Bytes that have been read.", METRIC_COUNTER, "source"},
	[READ_LINES] = {"vedette_logs_read_lines_total", "Lines that have been read.", METRIC_COUNTER, "source"},
	[FILES] = {"vedette_logs_files", "Log files that are open; a journal and standard input count as one.",
                   METRIC_GAUGE, "source"},
	[LAG] = {"vedette_logs_lag_bytes", "Bytes in log files that have not been read yet.", METRIC_GAUGE, "source"},
	[LAG_SECONDS] = {"vedette_logs_lag_seconds",
                         "How long ago a source was read last that has more to read; 0: all has been read.",
                         METRIC_GAUGE, "source"},
	[CUT_LINES] = {"vedette_logs_truncated_lines_total", "Lines that were too long and have been cut.",
                       METRIC_COUNTER},
	[REPAIRED] = {"vedette_logs_repaired_lines_total", "Lines whose invalid UTF-8 has been replaced.",
                      METRIC_COUNTER},
	[FILES_TRUNCATED] =
		{"vedette_logs_files_truncated_total",
                 "How often a file was cut to a shorter one in place; what was written to it just before may "
                 "be lost.",
                 METRIC_COUNTER},
	[HELD] = {"vedette_logs_held_bytes", "Size of deleted files that are kept open until they are delivered.",
                  METRIC_GAUGE},
	[SENT_ENTRIES] = {"vedette_logs_sent_entries_total", "Entries that Loki has acknowledged.", METRIC_COUNTER},
	[SENT_BYTES] = {"vedette_logs_sent_bytes_total", "Compressed bytes that Loki has acknowledged.",
                        METRIC_COUNTER},
	[PUSHES] = {"vedette_logs_pushes_total", "Pushes that Loki has answered for good.", METRIC_COUNTER},
	[RETRIES] = {"vedette_logs_retries_total", "Pushes that had to be tried again.", METRIC_COUNTER},
	[REPLAYED] = {"vedette_logs_replayed_pushes_total",
                      "Pushes that a former run had under way and that were sent again at start.", METRIC_COUNTER},
	[DROPPED] = {"vedette_logs_dropped_entries_total", "Entries that were given up, by reason.", METRIC_COUNTER,
                     "reason"},
	[DROPPED_BYTES] = {"vedette_logs_dropped_bytes_total",
                           "Bytes of deleted files that were given up unread, so that they do not fill the disk.",
                           METRIC_COUNTER},
	[OLDEST] = {"vedette_logs_oldest_unacknowledged_seconds",
                    "How long the oldest entry that has been read waits for Loki; 0: none waits.", METRIC_GAUGE},
	[LATENCY] = {"vedette_logs_push_latency_seconds",
                     "From the first entry of the last push to its acknowledgement.", METRIC_GAUGE},
	[DELIVERING] = {"vedette_logs_delivering", "Whether Loki took the last push.", METRIC_GAUGE},
	[STORAGE] = {"vedette_logs_storage_writable",
                     "Whether positions can be written; after a restart logs may come twice where they cannot.",
                     METRIC_GAUGE},
	{0},
};

static const char *const drop_names[LOG_DROPS] = {
	[DROP_REFUSED] = "refused by Loki",
	[DROP_TOO_BIG] = "too big for Loki",
	[DROP_STREAMS] = "too many streams in Loki",
	[DROP_DAMAGED] = "damaged in the journal",
	[DROP_HELD] = "deleted file held for too long",
};

static void add(struct sample_set *set, int which, double value)
{
	sample_add(set, &log_metrics[which], value, NO_LABELS);
}

double source_lag_seconds(struct source_counts *c)
{
	int64_t last = atomic_load(&c->last_real_ns);
	double ago = ns_to_seconds(clock_real_ns() - last);

	return last && atomic_load(&c->lag_bytes) && ago > 0 ? ago : 0;
}

static void collect_source(struct source_counts *c, struct sample_set *set)
{
	const struct {
		int which;
		double value;
	} values[] = {
		{READ_BYTES, (double)atomic_load(&c->read_bytes)},
		{READ_LINES, (double)atomic_load(&c->read_lines)},
		{FILES, (double)atomic_load(&c->files)},
		{LAG, (double)atomic_load(&c->lag_bytes)},
		{LAG_SECONDS, source_lag_seconds(c)},
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		sample_add(set, &log_metrics[values[i].which], values[i].value, LABELS({"source", c->name}));
}

void log_counts_collect(struct log_counts *c, struct sample_set *set)
{
	int64_t oldest = atomic_load(&c->oldest_real_ns);
	double waits = oldest ? ns_to_seconds(clock_real_ns() - oldest) : 0;

	for (size_t i = 0; i < c->n_sources; i++)
		collect_source(&c->sources[i], set);
	add(set, CUT_LINES, (double)atomic_load(&c->truncated_lines));
	add(set, REPAIRED, (double)atomic_load(&c->repaired_lines));
	add(set, FILES_TRUNCATED, (double)atomic_load(&c->files_truncated));
	add(set, HELD, (double)atomic_load(&c->held_bytes));
	add(set, SENT_ENTRIES, (double)atomic_load(&c->sent_entries));
	add(set, SENT_BYTES, (double)atomic_load(&c->sent_bytes));
	add(set, PUSHES, (double)atomic_load(&c->pushes));
	add(set, RETRIES, (double)atomic_load(&c->retries));
	add(set, REPLAYED, (double)atomic_load(&c->replayed));
	for (int i = 0; i < LOG_DROPS; i++)
		sample_add(set, &log_metrics[DROPPED], (double)atomic_load(&c->dropped[i]),
		           LABELS({"reason", drop_names[i]}));
	add(set, DROPPED_BYTES, (double)atomic_load(&c->dropped_bytes));
	add(set, OLDEST, waits > 0 ? waits : 0);
	add(set, LATENCY, ns_to_seconds(atomic_load(&c->latency_ns)));
	add(set, DELIVERING, atomic_load(&c->delivering));
	add(set, STORAGE, atomic_load(&c->storage_ok));
}
