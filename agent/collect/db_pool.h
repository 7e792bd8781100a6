/* The pool view: the same four families, whoever knows the pool (PgBouncer, PostgreSQL's sessions, the application).
 *
 * A collector that reports pools puts DB_POOL_METRICS into its own array of metrics; families of one name are merged
 * in the exposition. What a source cannot know is absent, never 0. Any thread; memory is the sample set's. */
#pragma once

#include "metric/metric.h"

// clang-format off
/* Four rows, in the order of enum db_pool_metric. */
#define DB_POOL_METRICS                                                                                                \
	{"db_pool_connections", "Connections of the pool in this state.", METRIC_GAUGE, "pool,state"},                 \
	{"db_pool_max_connections", "The most connections that the pool may open.", METRIC_GAUGE, "pool"},             \
	{"db_pool_waiting", "Clients that wait for a connection of the pool.", METRIC_GAUGE, "pool"},                  \
	{"db_pool_timeouts_total", "Clients that gave up waiting for a connection.", METRIC_COUNTER, "pool"}
// clang-format on

enum db_pool_metric { DB_POOL_CONNECTIONS, DB_POOL_MAX_CONNECTIONS, DB_POOL_WAITING, DB_POOL_TIMEOUTS };
