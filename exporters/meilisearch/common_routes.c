#include "exporters/meilisearch/common_routes.h"

#include <string.h>

/* A route is one of these, or goes on with a placeholder in braces, or is one of the longer ones. */
static const char *const tops[] = {
	"/batches",
	"/chats",
	"/dumps",
	"/dynamic-search-rules",
	"/experimental-features",
	"/export",
	"/health",
	"/indexes",
	"/keys",
	"/logs",
	"/mcp",
	"/metrics",
	"/multi-search",
	"/network",
	"/render-template",
	"/snapshots",
	"/stats",
	"/swap-indexes",
	"/tasks",
	"/version",
	"/webhooks",
	"/",
};
static const char *const longer[] = {"/logs/stderr", "/logs/stream", "/tasks/cancel", "/tasks/compact"};

static const char *const methods[] = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"};

static bool listed(const char *const *list, size_t n, const char *text, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && !memcmp(list[i], text, len))
			return true;
	return false;
}

static bool is_route(const char *path)
{
	const char *second = *path == '/' ? strchr(path + 1, '/') : NULL;
	size_t len = second && second[1] == '{' ? (size_t)(second - path) : strlen(path);

	return listed(tops, ARRAY_LEN(tops), path, len) || listed(longer, ARRAY_LEN(longer), path, len);
}

static bool is_method(const char *method)
{
	return listed(methods, ARRAY_LEN(methods), method, strlen(method));
}

static bool is_status(const char *status)
{
	return strlen(status) == 3 && strspn(status, "0123456789") == 3;
}

static const struct {
	const char *label;
	bool (*known)(const char *value);
} checks[] = {{"method", is_method}, {"path", is_route}, {"status", is_status}};

void routes_settle(struct promtext_sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(checks); k++)
			if (!strcmp(s->labels[i].name, checks[k].label) && !checks[k].known(s->labels[i].value))
				s->labels[i].value = "other";
}
