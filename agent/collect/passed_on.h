/* Another program's exposition, read by its format's rules and then by ours.
 *
 * Called on a lane's thread; the samples are in the set's arena. */
#pragma once

#include "collect/collector.h"
#include "collect/series_rules.h"
#include "net/http.h"

/* Text comes first: more servers write it well. */
#define PASSED_ON_ACCEPT "text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1"

/* Adds all samples of the response but times of creation and what the rules leave out: what is over
 * the cap is counted as over_cap, of a SERIES_RULES_METRIC, unless that is NULL. Errors call it `name`. -1: nothing
 * was added. */
MUST_CHECK int passed_on_read(struct probe *p, const struct series_rules *rules, const struct metric_desc *over_cap,
                              const char *name, const struct http_response *response, struct sample_set *set,
                              struct err *err);
