/* /sd: what Prometheus shall scrape here, in its HTTP service discovery format. Pure functions; any thread. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "collect/target.h"

/* Where the agent is reached from outside. */
struct origin {
	const char *scheme; /* "http", "https" */
	const char *host;   /* with port; NULL: not known */
	const char *prefix; /* "" or "/vedette" */
};

/* Takes "https://docs.example.com/vedette" apart; strings are in the arena. */
MUST_CHECK int origin_parse(struct arena *a, const char *url, struct origin *out, struct err *err);

struct sd_request {
	const char *hostname;
	struct origin external;     /* host NULL: not configured */
	const char *host_header;    /* from a stranger; NULL: none */
	const char *listen_address; /* what is left when the header is of no use */
	bool tls;
	const struct target *targets;
	size_t n_targets;
};

void sd_write(struct buf *out, struct arena *a, const struct sd_request *sd);
