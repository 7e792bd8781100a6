/* What clients of HTTP share: one handle and one resolver for a lane. Only agent/net/http*.c include this. */
#pragma once

#include "net/curl_setup.h"
#include "net/http.h"
#include "net/resolve.h"

struct http {
	CURL *curl;
	struct resolver *resolver;
	http_answer_fn *answer; /* NULL but in tests */
	void *arg;
};

/* Where a URL leads; freed with http_free_place. */
struct http_place {
	char *scheme, *host, *port;
};

MUST_CHECK int http_read_url(const char *text, struct http_place *out, struct err *err);
void http_free_place(struct http_place *p);

bool http_same_server(const char *one, const char *other);

/* What libcurl is to know of the URL's host instead of asking: getaddrinfo must not run on the caller's thread, and
 * libcurl would wait for its own helper when it gives up. `family` is AF_INET, AF_INET6 or 0 for either. The list, for
 * CURLOPT_RESOLVE, is the caller's; NULL where nothing has to be known. */
MUST_CHECK int http_find_address(struct http *http, const char *url, int family, int64_t deadline_ns,
                                 struct curl_slist **list, struct err *err);

/* Never 0, which libcurl would take for ever. */
long http_milliseconds_left(int64_t deadline_ns);

void http_free_list(struct curl_slist **list);
