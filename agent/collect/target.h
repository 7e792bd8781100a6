/* A target as the settings have it: an exporter, a name, its enabled collectors with their bound settings.
 * Immutable; owned by the settings it came from. */
#pragma once

#include "collect/collector.h"

struct enabled_collector {
	const struct collector *collector;
	const void
		*config; /* bound by collector->fields, or NULL; struct attachments where the collector is attached */
	const struct exporter *attached; /* whose it is, where it is not the target's exporter; else NULL */
};

struct target {
	const struct exporter *exporter;
	const char *name;   /* NULL: the one unnamed default target */
	const void *config; /* bound by exporter->fields, or NULL */
	const struct enabled_collector *collectors;
	size_t n_collectors;
};
