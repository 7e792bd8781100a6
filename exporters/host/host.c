/* The machine itself, with node_exporter's names. */
#include "collect/collector.h"

const struct exporter exporter_host = {
	.name = "host",
	.help = "This machine: processors, memory, disks, network, kernel.",
	.job = "node",
	.scrape_prefix = "node",
};
