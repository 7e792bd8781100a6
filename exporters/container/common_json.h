/* JSON of runtimes, of which few members are wanted. Only what describes containers includes this.
 *
 * It holds the containers' environment, and with it secrets: only the named members are copied, and the text is wiped
 * by the reader. */
#pragma once

#include <jansson.h>

#include "exporters/container/common_container.h"

static inline void free_json(json_t **json)
{
	json_decref(*json);
}
#define CLEANUP_JSON __attribute__((cleanup(free_json)))

/* A member's member, however deep; NULL where there is none. The path is NULL-terminated. */
static inline const json_t *member(const json_t *json, const char *const *path)
{
	while (json && *path)
		json = json_object_get(json, *path++);
	return json;
}
#define MEMBER(json, ...) member(json, (const char *const[]){__VA_ARGS__, NULL})

/* NULL for what is no text, or an empty one. */
static inline const char *text_of(struct arena *a, const json_t *json)
{
	const char *text = json_string_value(json);

	return text && *text ? arena_strdup(a, text) : NULL;
}

/* The labels that the settings name. */
void take_labels(struct arena *a, const struct container_settings *settings, const json_t *labels,
                 struct container *out);

/* What one file, below the root, says of containers: it is parsed only when it has changed. */
typedef void (*container_parser)(struct arena *a, const struct container_settings *settings, const json_t *json,
                                 struct containers *out);
MUST_CHECK enum read_result describe(struct probe *p, const char *path, container_parser parse, struct containers *out,
                                     struct err *err);
