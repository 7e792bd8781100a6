#include "net/sign.h"

#include <assert.h>
#include <ctype.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"

enum {
	DIGEST_BYTES = SHA256_DIGEST_LENGTH,
	HEX_BYTES = 2 * DIGEST_BYTES + 1,
	STAMP_BYTES = sizeof("20130524T000000Z")
};

struct digest {
	unsigned char bytes[DIGEST_BYTES];
};

static struct digest hmac(const void *key, size_t key_len, const void *data, size_t len)
{
	struct digest out;

	if (!HMAC(EVP_sha256(), key, (int)key_len, data, len, out.bytes, NULL))
		abort(); /* out of memory */
	return out;
}

static struct digest chain(struct digest key, const char *text)
{
	return hmac(key.bytes, sizeof(key.bytes), text, strlen(text));
}

static void put_hex(const unsigned char *bytes, char out[HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[HEX_BYTES - 1] = '\0';
}

static void hash(const void *data, size_t len, char out[HEX_BYTES])
{
	unsigned char digest[DIGEST_BYTES];

	if (!SHA256(data, len, digest))
		abort();
	put_hex(digest, out);
}

static void put_encoded(struct buf *out, const char *text, bool slashes)
{
	for (const char *c = text; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if ((isalnum(byte) && byte < 0x80) || strchr("-._~", *c) || (*c == '/' && !slashes))
			buf_putc(out, *c);
		else
			buf_printf(out, "%%%02X", byte);
	}
}

static const char *encoded(struct arena *a, const char *text)
{
	struct buf CLEANUP_BUF out = {0};

	put_encoded(&out, text ? text : "", true);
	return arena_strndup(a, out.data ? out.data : "", out.len);
}

/* They are sorted as they are sent: encoded. */
static int by_parameter(const void *left, const void *right)
{
	const struct sign_parameter *x = left, *y = right;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->value, y->value);
}

static const char *make_query(struct arena *a, const struct sign_request *rq)
{
	struct sign_parameter all[SIGN_MAX_QUERY];
	struct buf CLEANUP_BUF out = {0};

	assert(rq->n_query <= SIGN_MAX_QUERY);
	for (size_t i = 0; i < rq->n_query; i++)
		all[i] = (struct sign_parameter){encoded(a, rq->query[i].name), encoded(a, rq->query[i].value)};
	qsort(all, rq->n_query, sizeof(all[0]), by_parameter);
	for (size_t i = 0; i < rq->n_query; i++)
		buf_printf(&out, "%s%s=%s", i ? "&" : "", all[i].name, all[i].value);
	return arena_strndup(a, out.data ? out.data : "", out.len);
}

static int by_name(const void *left, const void *right)
{
	const struct http_header *x = left, *y = right;

	return strcasecmp(x->name, y->name);
}

static void put_lower(struct buf *out, const char *name)
{
	for (; *name; name++)
		buf_putc(out, (char)tolower((unsigned char)*name));
}

/* Without blanks at both ends, and with one for each run of them. */
static void put_value(struct buf *out, const char *value)
{
	struct span rest = span_of(value), word;

	for (bool first = true; scan_field(&rest, &word); first = false) {
		if (!first)
			buf_putc(out, ' ');
		buf_put(out, word.s, word.len);
	}
}

/* "host;x-amz-date", and each with its value on a line in `lines`. */
static const char *sign_headers(struct arena *a, const struct http_header *headers, size_t n, struct buf *lines)
{
	struct http_header sorted[SIGN_OWN_HEADERS + SIGN_MAX_HEADERS];
	struct buf CLEANUP_BUF names = {0};

	memcpy(sorted, headers, n * sizeof(*headers));
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++) {
		put_lower(lines, sorted[i].name);
		buf_putc(lines, ':');
		put_value(lines, sorted[i].value);
		buf_putc(lines, '\n');
		if (i)
			buf_putc(&names, ';');
		put_lower(&names, sorted[i].name);
	}
	return arena_strndup(a, names.data, names.len);
}

static struct digest day_key(const struct sign_key *key, const char *day)
{
	struct buf CLEANUP_BUF secret = {0};
	struct digest out;

	buf_printf(&secret, "AWS4%s", key->secret_key);
	out = hmac(secret.data, secret.len, day, strlen(day));
	explicit_bzero(secret.data, secret.len);
	return chain(chain(chain(out, key->region), key->service), "aws4_request");
}

/* The value of the header Authorization for what `canonical` holds. */
static const char *authorization(struct arena *a, const struct sign_key *key, const char *stamp, const char *names,
                                 const struct buf *canonical)
{
	char sum[HEX_BYTES], signature[HEX_BYTES];
	const char *day = arena_strndup(a, stamp, strcspn(stamp, "T"));
	const char *scope = arena_printf(a, "%s/%s/%s/aws4_request", day, key->region, key->service);

	hash(canonical->data, canonical->len, sum);
	put_hex(chain(day_key(key, day), arena_printf(a, "AWS4-HMAC-SHA256\n%s\n%s\n%s", stamp, scope, sum)).bytes,
	        signature);
	return arena_printf(a, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", key->access_key,
	                    scope, names, signature);
}

/* What proves that `headers`, of which the first is the Host, and all else of the request come from us. */
static const char *prove(struct arena *a, const struct sign_key *key, const struct sign_request *rq, const char *stamp,
                         const char *body_sum, const struct http_header *headers, size_t n, const char **target)
{
	const char *query = make_query(a, rq), *names, *path;
	struct buf CLEANUP_BUF encoded_path = {0}, CLEANUP_BUF canonical = {0}, CLEANUP_BUF lines = {0};

	put_encoded(&encoded_path, rq->path, false);
	path = encoded_path.data;
	names = sign_headers(a, headers, n, &lines);
	buf_printf(&canonical, "%s\n%s\n%s\n%s\n%s\n%s", rq->method, path, query, lines.data, names, body_sum);
	*target = arena_printf(a, "%s%s%s", path, *query ? "?" : "", query);
	return authorization(a, key, stamp, names, &canonical);
}

void sign_aws4(struct arena *a, const struct sign_key *key, const struct sign_request *rq, struct signed_request *out)
{
	char *stamp = arena_zalloc(a, STAMP_BYTES), *sum = arena_alloc(a, HEX_BYTES);
	struct http_header headers[SIGN_OWN_HEADERS + SIGN_MAX_HEADERS] = {
		{"Host", rq->host}, {"X-Amz-Content-Sha256", sum}, {"X-Amz-Date", stamp}};
	time_t at = (time_t)rq->time;
	size_t n = 3;
	struct tm tm = {0};

	assert(rq->n_headers <= SIGN_MAX_HEADERS);
	gmtime_r(&at, &tm);
	strftime(stamp, STAMP_BYTES, "%Y%m%dT%H%M%SZ", &tm);
	hash(rq->body.s ? rq->body.s : "", rq->body.len, sum);
	for (size_t i = 0; i < rq->n_headers; i++)
		headers[n++] = rq->headers[i];
	*out = (struct signed_request){.n_headers = n + 1};
	memcpy(out->headers, headers, n * sizeof(headers[0]));
	out->headers[n] =
		(struct http_header){"Authorization", prove(a, key, rq, stamp, sum, headers, n, &out->target)};
}
