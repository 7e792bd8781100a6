#include <string.h>

#include "web/internal.h"

static enum MHD_Result serve_healthy(struct request *rq)
{
	return reply_text(rq, MHD_HTTP_OK, "vedette is healthy.");
}

static enum MHD_Result serve_ready(struct request *rq)
{
	struct fleet *fleet = rq->web->hooks.fleet(rq->web->hooks.owner);

	if (!fleet)
		return reply_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "vedette is starting.");
	fleet_unref(fleet);
	return reply_text(rq, MHD_HTTP_OK, "vedette is ready.");
}

static enum MHD_Result serve_reload(struct request *rq)
{
	struct err err = {"the configuration is not valid"};

	if (rq->web->hooks.reload(rq->web->hooks.owner, &err) < 0)
		return reply_text(rq, MHD_HTTP_INTERNAL_SERVER_ERROR,
		                  "The new configuration was not taken, the old one stays: %s", err.text);
	return reply_text(rq, MHD_HTTP_OK, "The configuration was reloaded.");
}

static enum MHD_Result serve_sd(struct request *rq)
{
	struct web *web = rq->web;
	struct fleet *fleet = web->hooks.fleet(web->hooks.owner);
	struct sd_request sd = {
		.hostname = web->hostname,
		.external = web->state.origin,
		.host_header = request_header(rq, MHD_HTTP_HEADER_HOST),
		.listen_address = web->listener.port ? web->listener.text : "localhost",
		.tls = web->config->tls,
	};
	struct buf body;
	size_t n;

	if (!fleet)
		return reply_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "vedette is starting; ask again in a moment.");
	sd.targets = fleet_targets(fleet, &n);
	sd.n_targets = n;
	buf_init(&body, 0);
	sd_write(&body, &rq->arena, &sd);
	fleet_unref(fleet);
	return reply_body(rq, MHD_HTTP_OK, "application/json", &body);
}

/* The first match serves. A path that ends with a slash (but "/") stands for all below it. */
static const struct route {
	const char *path;
	const char *allow;
	enum MHD_Result (*serve)(struct request *rq);
} routes[] = {
	{"/metrics", "GET, HEAD", scrape_start},
	{"/metrics/agent", "GET, HEAD", scrape_agent},
	{"/metrics/", "GET, HEAD", scrape_start},
	{"/sd", "GET, HEAD", serve_sd},
	{"/", "GET, HEAD", page_serve},
	{"/-/healthy", "GET, HEAD", serve_healthy},
	{"/-/ready", "GET, HEAD", serve_ready},
	{"/-/reload", "POST, PUT", serve_reload},
	{"/runbook/", "GET, HEAD", runbook_serve},
};

static bool matches(const char *route, const char *path)
{
	size_t len = strlen(route);

	if (len > 1 && route[len - 1] == '/')
		return !strncmp(path, route, len);
	return !strcmp(path, route);
}

/* Whether `method` is in the list "GET, HEAD". */
static bool allowed(const char *list, const char *method)
{
	size_t len = strlen(method);

	for (const char *p = list; len && (p = strstr(p, method)); p += len)
		if ((p == list || p[-1] == ' ') && (!p[len] || p[len] == ','))
			return true;
	return false;
}

enum MHD_Result route_serve(struct request *rq)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!matches(routes[i].path, rq->query.path))
			continue;
		if (allowed(routes[i].allow, rq->method))
			return routes[i].serve(rq);
		reply_header(rq, MHD_HTTP_HEADER_ALLOW, routes[i].allow);
		return reply_text(rq, MHD_HTTP_METHOD_NOT_ALLOWED, "%s takes %s only.", routes[i].path,
		                  routes[i].allow);
	}
	return reply_text(rq, MHD_HTTP_NOT_FOUND,
	                  "There is nothing at %.200s; / links to what there is, /metrics is what Prometheus scrapes.",
	                  rq->query.path);
}
