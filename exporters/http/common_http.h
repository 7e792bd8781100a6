/* The settings of one probed URL or port. Immutable. */
#pragma once

#include "collect/collector.h"
#include "net/http_access.h"

struct http_target {
	const char *url; /* http, https, tcp or tls */
	const char *method;
	const char *content; /* of the request's body */
	const char *unix_socket;
	struct http_access access;
	const char *server_name;
	int64_t min_days_left;
	struct string_map headers;
	struct http_expect {
		struct string_list status;
		const struct regex *body, *body_not;
	} expect;
	bool follow_redirects, compression;
	int64_t max_redirects;
	int ip_protocol;
	int64_t timeout;
	uint64_t max_bytes;
};

/* Whether a pattern such as 204, 2xx or 200-299 takes the status; one that is none of these takes nothing. */
bool http_status_matches(const char *pattern, int status);
bool http_status_valid(const char *pattern);
