/* Requests signed as AWS has it (Signature Version 4), which every store that speaks S3 asks for.
 *
 * Pure functions, any thread; the time is the caller's, texts are in the arena. What is signed is exactly what is to be
 * sent: the target as it stands in `signed_request`, and all its headers. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/scan.h"
#include "net/http_access.h"

enum { SIGN_MAX_QUERY = 16, SIGN_MAX_HEADERS = 8, SIGN_OWN_HEADERS = 4 };

struct sign_key {
	const char *access_key, *secret_key;
	const char *region;  /* "us-east-1" */
	const char *service; /* "s3" */
};

/* Parts of a query, neither encoded nor in any order. */
struct sign_parameter {
	const char *name, *value; /* NULL: it has none */
};

struct sign_request {
	const char *method, *host; /* with its port, where that is not the scheme's own */
	const char *path;          /* not encoded; begins with / */
	const struct sign_parameter *query;
	size_t n_query;                    /* at most SIGN_MAX_QUERY */
	const struct http_header *headers; /* those to sign besides our own */
	size_t n_headers;                  /* at most SIGN_MAX_HEADERS */
	struct span body;
	int64_t time; /* seconds since 1970 */
};

struct signed_request {
	const char *target; /* path and query, encoded */
	/* Host, X-Amz-Content-Sha256, X-Amz-Date and Authorization, then those of the request */
	struct http_header headers[SIGN_OWN_HEADERS + SIGN_MAX_HEADERS];
	size_t n_headers;
};

void sign_aws4(struct arena *a, const struct sign_key *key, const struct sign_request *rq, struct signed_request *out);
