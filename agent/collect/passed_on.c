#include "collect/passed_on.h"

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

static enum promtext_format format_of(const struct http_response *response, struct arena *a)
{
	const char *type = http_header_of(response, a, "Content-Type");

	return type && !strncasecmp(type, "application/openmetrics-text", 28) ? PROMTEXT_OPENMETRICS : PROMTEXT_TEXT;
}

int passed_on_read(struct probe *p, const struct series_rules *rules, const struct metric_desc *over_cap,
                   const char *name, const struct http_response *response, struct sample_set *set, struct err *err)
{
	struct series_passage passage;
	struct promtext reader;

	promtext_init(&reader, p->arena, true);
	reader.format = format_of(response, p->arena);
	series_passage_begin(&passage, rules, p->memo, &reader);
	if (promtext_read(&reader, set, name, response->body, err) < 0)
		return -1;
	drop_creation_times(set);
	if (over_cap)
		series_passage_end(&passage, over_cap, set);
	return 0;
}
