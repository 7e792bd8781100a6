/* The table of all exporters and collectors, made from registry.def. Immutable; any thread. */
#pragma once

#include "collect/collector.h"

struct registered_collector {
	const char *id; /* "host_loadavg": exporter, underscore, name */
	const struct collector *collector;
};

extern const struct exporter *const registry_exporters[];       /* NULL-terminated */
extern const struct registered_collector registry_collectors[]; /* ends with a NULL id */
