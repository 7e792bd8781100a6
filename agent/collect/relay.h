/* Another program's exposition, fetched and read: what exporters.relay passes on, and exporters.pools looks into.
 *
 * Called on a lane's thread; the samples are in the set's arena. */
#pragma once

#include "collect/collector.h"

/* The settings of a relay. */
struct relay_options {
	const char *url;
	int64_t timeout; /* nanoseconds, for all of a request */
	bool in_main;    /* its series are in /metrics, too */
};

/* Adds all that is there now but for times of creation (x_created); -1: nothing was added. */
MUST_CHECK int relay_read(struct probe *p, const struct relay_options *o, struct sample_set *set, struct err *err);
