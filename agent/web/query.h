/* The target of a request line, taken apart: "/metrics/host?collect[]=cpu&collect[]=meminfo".
 *
 * A pure function on bytes from strangers: bounded, fuzzed. Texts are in the arena. Parameters that nobody here
 * knows are skipped, as Prometheus may be told to send any. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { QUERY_MAX_BYTES = 8192, QUERY_MAX_NAMES = 64 };

struct query {
	const char *path; /* decoded, begins with '/' */
	const char *collect[QUERY_MAX_NAMES + 1];
	const char *exclude[QUERY_MAX_NAMES + 1]; /* both NULL-terminated */
	size_t n_collect, n_exclude;
};

/* -1: a sentence for the client, who sent a bad request. */
MUST_CHECK int query_parse(struct arena *a, const char *target, struct query *out, struct err *err);
