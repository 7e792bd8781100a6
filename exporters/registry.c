#include "exporters/registry.h"

#define EXPORTER(name)  extern const struct exporter exporter_##name;
#define COLLECTOR(name) extern const struct collector collector_##name;
#include "exporters/registry.def"
#undef EXPORTER
#undef COLLECTOR

#define EXPORTER(name) &exporter_##name,
#define COLLECTOR(name)
const struct exporter *const registry_exporters[] = {
#include "exporters/registry.def"
	NULL,
};
#undef EXPORTER
#undef COLLECTOR

#define EXPORTER(name)
#define COLLECTOR(name) {#name, &collector_##name},
const struct registered_collector registry_collectors[] = {
#include "exporters/registry.def"
	{NULL, NULL},
};
