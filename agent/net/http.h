/* One HTTP request with a deadline and bounded size, over libcurl.
 *
 * Used on the thread of whoever asks; the response is in the caller's arena. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

struct http_request {
	const char *url;
	const char *unix_socket; /* NULL: TCP */
	int64_t timeout_ns;      /* for all of it */
	size_t max_bytes;        /* of the body */
	bool insecure;           /* do not verify the server's certificate: only for our own loopback */
};

struct http_response {
	int status;
	struct span body;
};

/* 0 when a response came, whatever its status; -1 when none did, with the reason. */
MUST_CHECK int http_get(struct arena *a, const struct http_request *request, struct http_response *out,
                        struct err *err);
