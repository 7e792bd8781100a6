/* What is seen of a TLS connection that libcurl makes through OpenSSL: its version and the server's certificates.
 *
 * Filled on the handle's thread while it performs; texts are in the arena. Only agent/net includes this. */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>

#include "base/arena.h"

struct tls_seen {
	struct arena *arena;
	bool begun;              /* the handshake */
	const char *version;     /* "TLS 1.3"; NULL: there was no finished handshake */
	int64_t earliest_expiry; /* seconds since 1970, of all certificates that the server sent, refused ones too */
	int64_t chain_expiry;    /* of the chain that was verified; 0: none was */
	const char *fingerprint; /* SHA-256 of the server's own one, in hex */
	const char *subject, *issuer;
	const char *alternatives; /* DNS names, comma-separated */
};

/* Makes the handle fill `seen`, of which only the arena is set, in its next handshake. */
void tls_watch(CURL *curl, struct tls_seen *seen);
