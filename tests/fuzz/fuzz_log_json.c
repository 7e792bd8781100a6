/* The field reader for lines of JSON, beside jansson: what jansson reads as an object, ours reads with the same values.
 */
#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "logs/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {"a", "level", "a.b", "ts", "request.uri", "msg"};

enum { PATHS = sizeof(paths) / sizeof(*paths) };

static json_t *follow(json_t *at, const struct json_want *want)
{
	for (size_t i = 0; at && i < want->n; i++) {
		char key[64];

		at = span_copy(want->steps[i], key, sizeof(key)) && json_is_object(at) ? json_object_get(at, key)
		                                                                       : NULL;
	}
	return at;
}

/* jansson refuses these on purpose; we are more lenient. */
static int is_stricter(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	return code == json_error_invalid_utf8 || code == json_error_null_character ||
	       code == json_error_null_byte_in_key || code == json_error_numeric_overflow ||
	       strstr(error->text, "Unicode") || strstr(error->text, "UTF-8") || strstr(error->text, "too big");
}

static void compare(json_t *root, const struct json_want *wants, const struct json_value *values)
{
	for (size_t i = 0; i < PATHS; i++) {
		json_t *wanted = follow(root, &wants[i]);

		if (!wanted) {
			assert(values[i].kind == JSON_READ_ABSENT);
		} else if (json_is_string(wanted)) {
			assert(values[i].kind == JSON_READ_STRING && values[i].text.len == json_string_length(wanted));
			assert(!memcmp(values[i].text.s, json_string_value(wanted), values[i].text.len));
		} else {
			assert(values[i].kind == (json_is_null(wanted) ? JSON_READ_NULL : JSON_READ_RAW));
		}
	}
}

/* Deeper than we read. */
static int is_deep(const uint8_t *data, size_t size)
{
	size_t brackets = 0;

	for (size_t i = 0; i < size; i++)
		brackets += data[i] == '[' || data[i] == '{';
	return brackets >= JSON_MAX_DEPTH;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct json_want wants[PATHS];
	struct json_value values[PATHS];
	struct span text = {(const char *)data, size};
	json_error_t error;
	json_t *root;
	bool good;

	for (size_t i = 0; i < PATHS; i++)
		assert(json_want_parse(span_of(paths[i]), &wants[i]));
	good = json_read(&a, text, wants, PATHS, values);
	root = json_loadb((const char *)data, size, 0, &error);
	/* jansson overlooks a NUL behind a number */
	if (json_is_object(root) && !is_deep(data, size) && !memchr(data, 0, size)) {
		assert(good);
		compare(root, wants, values);
	}
	if (good)
		assert(root ? json_is_object(root) : is_stricter(&error));
	json_decref(root);
	return 0;
}
