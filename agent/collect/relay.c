#include "collect/relay.h"

#include <string.h>

#include "metric/promtext.h"
#include "net/http.h"

/* The server may know newer formats; this is the one that is read here. */
static const char accept[] = "text/plain; version=0.0.4; charset=utf-8";

/* "requests_created" of "requests_total", or of the histogram or summary "requests". */
static bool is_creation_time(const struct sample_set *set, const struct family *f)
{
	const char *end = strstr(f->desc->name, "_created");
	size_t len = end ? (size_t)(end - f->desc->name) : 0;

	if (!len || end[strlen("_created")])
		return false;
	for (const struct family *other = set->first; other; other = other->next) {
		const char *rest = other->desc->name + len;

		if (strncmp(other->desc->name, f->desc->name, len) != 0 || other->desc->type == METRIC_GAUGE ||
		    other->desc->type == METRIC_UNTYPED)
			continue;
		if (!*rest || !strcmp(rest, "_total"))
			return true;
	}
	return false;
}

/* Times of creation stand for nothing in text 0.0.4, and in OpenMetrics their names belong to the other family. */
static void drop_creation_times(struct sample_set *set)
{
	struct family **at = &set->first;

	set->last = NULL;
	while (*at) {
		if (is_creation_time(set, *at)) {
			set->count -= (*at)->count;
			*at = (*at)->next;
			continue;
		}
		set->last = *at;
		at = &(*at)->next;
	}
}

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
	if (promtext_read(&reader, set, o->url, response.body, err) < 0)
		return -1;
	drop_creation_times(set);
	return 0;
}
