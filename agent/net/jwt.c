#include "net/jwt.h"

#include <inttypes.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "base/buf.h"

/* As RFC 4648 section 5 has it: two characters of its own, and nothing that fills up the end. */
static void put_base64url(struct buf *out, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t three = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
		                 (left > 2 ? (uint32_t)p[i + 2] : 0);

		for (size_t j = 0; j <= (left > 2 ? 3 : left); j++)
			buf_putc(out, digits[three >> (18 - 6 * j) & 63]);
	}
}

static void put_claims(struct buf *out, const struct jwt_claims *claims)
{
	struct buf CLEANUP_BUF json = {0};

	buf_puts(&json, "{\"iss\":");
	buf_json(&json, claims->issuer);
	buf_puts(&json, ",\"sub\":");
	buf_json(&json, claims->subject);
	buf_printf(&json, ",\"exp\":%" PRId64 "}", claims->expires);
	put_base64url(out, json.data, json.len);
}

const char *jwt_hs512(struct arena *a, const struct jwt_claims *claims, const char *secret, size_t secret_len)
{
	static const char header[] = "{\"alg\":\"HS512\",\"typ\":\"JWT\"}";
	struct buf CLEANUP_BUF token = {0};
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len;

	put_base64url(&token, header, sizeof(header) - 1);
	buf_putc(&token, '.');
	put_claims(&token, claims);
	if (!HMAC(EVP_sha512(), secret, (int)secret_len, (const unsigned char *)token.data, token.len, digest,
	          &digest_len))
		abort(); /* out of memory */
	buf_putc(&token, '.');
	put_base64url(&token, digest, digest_len);
	return arena_strndup(a, token.data, token.len);
}
