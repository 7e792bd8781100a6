/* The settings of a PostgreSQL target: the client's own, and the application pools that are found among its sessions.
 */
#pragma once

#include "collect/collector.h"
#include "net/pg.h"

/* What is NULL is not asked for; application_name or user is set. */
struct pg_pool {
	const char *name, *application_name, *user, *database;
	int64_t max; /* 0: not told */
};

struct pg_target {
	struct pg_options server; /* first: the lane makes its client from it */
	int64_t max_series;
	struct list pools; /* of struct pg_pool */
};

extern const struct field pg_pool_fields[];
/* For the list of them: what tells a pool's sessions is there. */
int pg_pool_check(const struct field *f, const struct list *pools, size_t i, struct err *err);
