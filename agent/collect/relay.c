#include "collect/relay.h"

#include "metric/promtext.h"
#include "net/http.h"

/* The server may know newer formats; this is the one that is read here. */
static const char accept[] = "text/plain; version=0.0.4; charset=utf-8";

int relay_read(struct probe *p, const struct relay_options *o, struct sample_set *set, struct err *err)
{
	int64_t left = p->deadline_ns - clock_mono_ns();
	struct http_request rq = {.url = o->url,
	                          .accept = accept,
	                          .timeout_ns = o->timeout < left ? o->timeout : left,
	                          .max_bytes = PROMTEXT_MAX_BYTES};
	struct http_response response;
	struct promtext reader;

	if (http_fetch(p->http, p->arena, &rq, &response, err) < 0)
		return -1;
	if (response.status != 200)
		return err_set(err, "%s: answers with status %d", o->url, response.status);
	promtext_init(&reader, p->arena, true);
	return promtext_read(&reader, set, o->url, response.body, err);
}
