/* What the agent knows about its own process, and the families that tell it.
 *
 * The descriptors below /proc/self are kept. Only the web thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/metric.h"
#include "web/web.h"

struct self {
	int stat_fd;
	double start_time; /* real, seconds */
};

struct self_usage {
	double cpu_seconds, rss_bytes, virtual_bytes;
	double threads, fds, max_fds;
};

struct scrape_times {
	double collect, encode, compress; /* seconds, of the last scrape */
};

struct code_count;

/* What the server knows about itself. */
struct self_facts {
	const struct code_count *codes;
	size_t n_codes;
	size_t connections;
	uint64_t cut;
	struct scrape_times times;
	struct reload_state reload;
};

void self_init(struct self *self);
void self_fini(struct self *self);
void self_usage(const struct self *self, struct self_usage *out);
void self_samples(const struct self *self, struct sample_set *set, const struct self_facts *facts);
