#include "collect/relay.h"

#include "collect/passed_on.h"

const struct series_rules relay_everything = {.max_series = SERIES_CAP_MAX};

static void put_headers(struct arena *a, const struct string_map *map, struct http_request *rq)
{
	struct http_header *headers = ARENA_ARRAY(a, struct http_header, map->n + 1);

	for (size_t i = 0; i < map->n; i++)
		headers[i] = (struct http_header){map->items[i].key, map->items[i].value};
	rq->headers = headers;
	rq->n_headers = map->n;
}

int relay_read(struct probe *p, const struct relay_options *o, const struct series_rules *rules,
               const struct metric_desc *over_cap, struct sample_set *set, struct err *err)
{
	int64_t left = p->deadline_ns - clock_mono_ns();
	struct http_request rq = {.url = o->url,
	                          .unix_socket = o->unix_socket,
	                          .accept = PASSED_ON_ACCEPT,
	                          .access = &o->access,
	                          .timeout_ns = o->timeout < left ? o->timeout : left,
	                          .max_bytes = PROMTEXT_MAX_BYTES};
	struct http_response response;

	put_headers(p->arena, &o->headers, &rq);
	if (http_fetch(p->http, p->arena, &rq, &response, err) < 0)
		return -1;
	if (response.status == 401 || response.status == 403)
		return err_set(err,
		               "%s: answers with status %d: it wants a login or another one (basic_auth, "
		               "bearer_token), or another Host (headers)",
		               o->url, response.status);
	if (response.status != 200)
		return err_set(err, "%s: answers with status %d", o->url, response.status);
	return passed_on_read(p, rules, over_cap, o->url, &response, set, err);
}
