/* Posts bodies to one URL on a connection that is kept, over libcurl.
 *
 * A poster belongs to one thread; the strings of its settings outlive it. Only `stop` is set by another thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/scan.h"
#include "net/http_access.h"

struct http_post_settings {
	const char *url;
	const char *content_type;
	struct http_access access;
	const char *proxy; /* NULL: none, whatever the environment says */
	const struct http_header *headers;
	size_t n_headers;
	int64_t timeout_ns;      /* for all of one post */
	const atomic_bool *stop; /* true: a post under way ends with an error */
};

enum { HTTP_POST_TEXT_MAX = 64 * 1024 };

struct http_post_reply {
	int status;
	size_t len;
	size_t passed_over;            /* bytes of the body behind those */
	char text[HTTP_POST_TEXT_MAX]; /* the beginning of the body, NUL-terminated */
};

struct http_poster;

MUST_CHECK int http_poster_new(struct http_poster **out, const struct http_post_settings *settings, struct err *err);
void http_poster_free(struct http_poster *p); /* NULL is allowed */

/* 0 when a whole reply came, whatever its status; -1 when none did, with the reason. `extra` is one more header, or
 * NULL values for none. */
MUST_CHECK int http_post(struct http_poster *p, struct span body, struct http_header extra, struct http_post_reply *out,
                         struct err *err);
