/* One visit to a URL or a TCP port as a stranger pays it: a new connection, every phase timed, nothing kept.
 *
 * Called on the lane's thread, with the lane's client for its resolver; all memory is the arena's. */
#pragma once

#include "net/http.h"

enum http_phase { PHASE_RESOLVE, PHASE_CONNECT, PHASE_TLS, PHASE_PROCESSING, PHASE_TRANSFER, HTTP_PHASES };

struct http_probe_request {
	const char *url;         /* of a TCP port: tcp://host:port, or tls://host:port */
	const char *method;      /* NULL: GET */
	const char *unix_socket; /* NULL: TCP */
	const struct http_header *headers;
	size_t n_headers;
	const struct span *body;          /* NULL: none */
	const struct http_access *access; /* sent to the URL's own server only, whatever that leads to */
	const char *server_name;          /* that the certificate is for, where it is not the URL's host; else NULL */
	int family;                       /* AF_INET, AF_INET6 or 0 for either */
	int max_redirects;                /* 0: none is followed */
	bool compression;                 /* ask for gzip and its like, and unpack it */
	bool keep_body;
	int64_t timeout_ns;
	size_t max_bytes; /* of the body, unpacked */
};

struct http_probe_result {
	int status;                 /* 0: there was no response */
	double version;             /* 1.1, 2; 0 without a response */
	double phases[HTTP_PHASES]; /* seconds, of all visits together */
	double seconds;             /* of all of it */
	double resolve_seconds;     /* of the first name */
	int redirects;
	int64_t content_length; /* as announced; -1: it was not */
	size_t body_length;     /* as it came, unpacked */
	int64_t last_modified;  /* seconds since 1970; 0: not said */
	struct span body, headers;
	const char *address; /* of the server; NULL: no connection was tried */
	bool is_tls;
	const char *tls_version, *fingerprint, *subject, *issuer, *alternatives; /* NULL: no finished handshake */
	int64_t earliest_expiry, chain_expiry; /* seconds since 1970; 0: not known, or no chain was verified */
};

/* 0 when a whole response came (of a TCP port: when it could be entered), whatever its status; -1 when not, with the
 * reason and what is known until there. */
MUST_CHECK int http_probe(struct http *http, struct arena *a, const struct http_probe_request *rq,
                          struct http_probe_result *out, struct err *err);
