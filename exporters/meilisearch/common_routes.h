/* Requests by route, of which there are as many as there are routes.
 *
 * Meilisearch counts a request that it has no route for under whatever path and method a client has made up: anybody
 * who reaches its port can make series without end. Here they all are "other". Pure functions, any thread. */
#pragma once

#include "metric/promtext.h"

/* Makes the sample's path one that is a route, its method and status ones that there are, or else "other". */
void routes_settle(struct promtext_sample *s);
