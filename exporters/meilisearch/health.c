/* Whether it says that it is available, which needs no key, and which version it is, which does. */
#include "exporters/meilisearch/common_meilisearch.h"

static const struct metric_desc metrics[] = {
	{"vedette_search_up", "Whether the search engine said in this very scrape that it is available.", METRIC_GAUGE},
	{"vedette_search_version_info", "Version of the search engine, in its label.", METRIC_GAUGE, "version"},
	{0},
};

static int ask_health(struct probe *p, struct err *err)
{
	static const struct meilisearch_request ask = {.path = "/health"};
	json_t *json CLEANUP_JSON = meilisearch_ask(p, &ask, err);
	const char *status = json_string_value(json_object_get(json, "status"));

	if (!json)
		return -1;
	if (!status)
		return meilisearch_strange(p, &ask, err);
	return strcmp(status, "available") != 0 ? err_set(err, "it says of itself: %.60s", status) : 0;
}

static int add_version(struct probe *p, struct sample_set *set, struct err *err)
{
	static const struct meilisearch_request ask = {.path = "/version", .action = "version"};
	json_t *json CLEANUP_JSON = meilisearch_ask(p, &ask, err);
	const char *version = json_string_value(json_object_get(json, "pkgVersion"));

	if (!json)
		return -1;
	if (!version)
		return meilisearch_strange(p, &ask, err);
	sample_add(set, &metrics[1], 1, LABELS({"version", version}));
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	int rc = ask_health(p, err);

	sample_add(set, &metrics[0], rc == 0, NO_LABELS);
	return rc == 0 ? add_version(p, set, err) : -1;
}

const struct collector collector_meilisearch_health = {
	.name = "health",
	.help = "Whether it is available, and its version.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
