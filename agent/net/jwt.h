/* Tokens that prove to a server that we know a secret: JSON Web Tokens, signed with HMAC and SHA-512 (HS512).
 *
 * Only written, never read. A pure function, any thread; the text is in the arena. Sources: RFC 7515, RFC 7519. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct jwt_claims {
	const char *issuer, *subject;
	int64_t expires; /* seconds since 1970 */
};

const char *jwt_hs512(struct arena *a, const struct jwt_claims *claims, const char *secret, size_t secret_len);
