/* TLS with GnuTLS: credentials from files, what a handshake offers, and the client's certificate.
 *
 * Only the web thread. */
#pragma once

#include "web/webconfig.h"

/* Loads certificate, key and CA into c->credentials and c->priority; paths are as they are to be opened. */
MUST_CHECK int tls_load(struct webconfig *c, struct err *err);

/* Sets a new connection up, before its handshake. */
MUST_CHECK int tls_begin(gnutls_session_t session, const struct webconfig *c);

/* After the handshake: whether the client's certificate (or the lack of one) is good enough; err is a sentence for
 * the client. */
MUST_CHECK int tls_check_client(gnutls_session_t session, const struct webconfig *c, struct err *err);
