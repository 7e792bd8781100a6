/* The settings of one pool: names of metrics in the exposition that the relay fetches; NULL: there is no such metric.
 */
#pragma once

#include "collect/relay.h"

struct app_pool {
	struct ref relay;
	const char *connections, *max, *waiting, *timeouts;
};
