/* Another program's exposition, fetched and read: what exporters.relay passes on, and exporters.pools looks into.
 *
 * Called on a lane's thread; the samples are in the set's arena. */
#pragma once

#include "collect/collector.h"
#include "collect/series_rules.h"
#include "net/http_access.h"

/* The settings of a relay. */
struct relay_options {
	const char *url;
	const char *unix_socket;
	int64_t timeout; /* nanoseconds, for all of a request */
	struct http_access access;
	struct string_map headers;
	struct series_rules rules;
	bool in_main; /* its series are in /metrics, too */
};

/* All of a program's series, up to what is sane. */
extern const struct series_rules relay_everything;

/* Adds all that is there now but for times of creation and what the rules leave out, as passed_on_read
 * does; -1: nothing was added. */
MUST_CHECK int relay_read(struct probe *p, const struct relay_options *o, const struct series_rules *rules,
                          const struct metric_desc *over_cap, struct sample_set *set, struct err *err);
