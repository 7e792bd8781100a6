/* The log pipeline as a whole: files, stages, batches, Loki.
 *
 * One thread reads, one sends. main starts and stops it; the settings must outlive it. */
#pragma once

#include "config/field.h"
#include "logs/log_metrics.h"
#include "logs/sender.h"
#include "logs/settings.h"

struct shipper;

/* `directory` is for its own files and is made where it is missing; where it cannot be written, logs are shipped all
 * the same. -1 where another agent uses it, or the settings cannot be worked with. */
MUST_CHECK int shipper_start(struct shipper **out, const struct log_settings *settings,
                             const struct string_map *external_labels, const char *directory, struct err *err);

/* Ends it. False when it has not ended by the deadline (monotonic): nothing is freed then, and the settings must stay.
 * NULL is allowed. */
bool shipper_stop(struct shipper *s, int64_t deadline_ns);

/* Its own families and those of the stages; any thread. */
void shipper_collect(struct shipper *s, struct sample_set *set);

/* How it stands; any thread. Counts and URL live as long as the shipper. */
struct shipper_state {
	struct log_counts *counts;
	const char *url;
	struct sender_trouble trouble;
};

struct shipper_state shipper_state(struct shipper *s);
