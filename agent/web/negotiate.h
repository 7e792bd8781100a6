/* What a client wants: the exposition format, gzip, and by when.
 *
 * Pure functions of header texts from strangers; NULL stands for a header that was not sent. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "metric/exposition.h"

struct negotiated {
	enum exposition_format format;
	bool escaping; /* the client knows escaping schemes and wants to be told which one was used */
};

/* The format with the highest q that we have, the first of several; text 0.0.4 where nothing fits. */
struct negotiated negotiate_format(const char *accept);

bool negotiate_gzip(const char *accept_encoding);

/* How long a scrape may take: X-Prometheus-Scrape-Timeout-Seconds less half a second (or half of it, where that is
 * more), and never longer than `most_ns`. */
int64_t negotiate_timeout_ns(const char *header, int64_t most_ns);
