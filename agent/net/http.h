/* HTTP requests with a deadline and bounded size, over libcurl.
 *
 * A client belongs to one lane and is used on its thread; it keeps its connection, and resolves names on a helper, so
 * that no request waits past its time. Responses are in the caller's arena. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"
#include "net/http_access.h"

struct http_request {
	const char *url;         /* without a password: errors show it */
	const char *method;      /* NULL: GET */
	const char *unix_socket; /* NULL: TCP */
	const char *accept;      /* NULL: whatever there is */
	const struct http_header *headers;
	size_t n_headers;
	const struct span *body;          /* NULL: none */
	const struct http_access *access; /* NULL: as nobody in particular */
	int64_t timeout_ns;               /* for all of it */
	size_t max_bytes;                 /* of the body that comes */
	bool no_redirects;                /* the response is given as it is, wherever it leads */
};

struct http_response {
	int status;
	struct span body;
	struct span headers; /* as they came, each with its end of line */
};

struct http;

struct http *http_new(void);
void http_free(struct http *http); /* NULL is allowed */

/* 0 when a response came, whatever its status; -1 when none did, with the reason. Redirections are followed on the same
 * server only: from there on a response would be somebody else's. */
MUST_CHECK int http_fetch(struct http *http, struct arena *a, const struct http_request *rq, struct http_response *out,
                          struct err *err);

/* The value of the first header of that name, in the arena; NULL: there is none. */
const char *http_header_of(const struct http_response *response, struct arena *a, const char *name);

/* http_fetch with a client for this one request. */
MUST_CHECK int http_get(struct arena *a, const struct http_request *rq, struct http_response *out, struct err *err);

/* For tests: a client whose requests this function answers. */
typedef int http_answer_fn(void *arg, struct arena *a, const struct http_request *rq, struct http_response *out,
                           struct err *err);
struct http *http_new_with(http_answer_fn *answer, void *arg);
