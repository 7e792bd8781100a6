/* Tokens of any access key, any secret and any time: three parts of what a header may hold, and the key in them as JSON
 * gives it back. */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "net/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The bytes of base64url without an end that is filled up. */
static size_t decode(const char *text, size_t len, char *out)
{
	uint32_t bits = 0;
	size_t n = 0;

	assert(len % 4 != 1);
	for (size_t i = 0; i < len; i++) {
		const char *digit = strchr(digits, text[i]);

		assert(digit && *digit);
		bits = bits << 6 | (uint32_t)(digit - digits);
		if (i % 4)
			out[n++] = (char)(bits >> (6 - 2 * (i % 4)));
	}
	return n;
}

static void check_claims(const char *part, size_t len, const struct jwt_claims *claims)
{
	char *text = malloc(len + 1);
	size_t n = decode(part, len, text);
	json_t *json = json_loadb(text, n, 0, NULL);

	assert(json && json_object_size(json) == 3);
	assert(!strcmp(json_string_value(json_object_get(json, "iss")), "prometheus"));
	assert(json_integer_value(json_object_get(json, "exp")) == claims->expires);
	if (utf8_valid(claims->subject, strlen(claims->subject)))
		assert(!strcmp(json_string_value(json_object_get(json, "sub")), claims->subject));
	json_decref(json);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	const char *text = arena_strndup(&a, (const char *)data, size);
	size_t len = strlen(text), secret_at = len < size ? len + 1 : len;
	struct jwt_claims claims = {"prometheus", text, (int64_t)size * 1000003 - 5};
	const char *token = jwt_hs512(&a, &claims, text + secret_at, size - secret_at);
	const char *first = strchr(token, '.'), *second = strchr(first + 1, '.');

	check_claims(first + 1, (size_t)(second - first) - 1, &claims);
	assert(strlen(second + 1) == 86 && strspn(second + 1, digits) == 86);
	return 0;
}
