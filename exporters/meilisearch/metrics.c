/* What the server tells of itself where its metrics are enabled, but for what grows without end: series of single
 * batches are left out, and requests for paths that it does not have are one series.
 *
 * What /stats and /tasks tell, too, comes from there, whether metrics are enabled or not. */
#include "collect/series_rules.h"
#include "exporters/meilisearch/common_meilisearch.h"
#include "exporters/meilisearch/common_routes.h"

static const struct metric_desc metrics[] = {
	{"vedette_search_server_metrics_enabled",
         "Whether the server tells metrics of its own, which is an experimental feature of it.", METRIC_GAUGE},
	SERIES_RULES_METRIC,
	{"<meilisearch>", "What the server tells of itself, under the names that it gives.", METRIC_UNTYPED, NULL,
         true},
	{0},
};

static const struct series_rules only_a_cap = {.max_series = 1000};

/* Families that the collector `stats` has. */
static const char *const elsewhere[] = {
	"meilisearch_db_size_bytes",    "meilisearch_used_db_size_bytes", "meilisearch_index_count",
	"meilisearch_index_docs_count", "meilisearch_is_indexing",        "meilisearch_last_update",
};

struct door {
	struct series_passage passage;
	promtext_admit_fn *next;
};

static bool is_elsewhere(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		if (!strcmp(elsewhere[i], name))
			return true;
	return false;
}

static bool has_label(const struct promtext_sample *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->labels[i].name, name))
			return !value || !strcmp(s->labels[i].value, value);
	return false;
}

static bool admit(void *arg, struct promtext_sample *s)
{
	struct door *door = arg;
	const char *name = s->family->name;

	/* the rest is of its process, and called as ours is */
	if (strncmp(name, "meilisearch_", strlen("meilisearch_")) != 0 || is_elsewhere(name))
		return false;
	if (!strcmp(name, "meilisearch_nb_tasks") &&
	    has_label(s, "kind", "statuses")) /* the collector tasks has those */
		return false;
	if (has_label(s, "batch_uid", NULL))
		return false;
	if (has_label(s, "path", NULL))
		routes_settle(s);
	return door->next(&door->passage, s);
}

static int add_all(struct probe *p, const char *url, struct span text, struct sample_set *set, struct err *err)
{
	struct door door;
	struct promtext reader;

	promtext_init(&reader, p->arena, true);
	series_passage_begin(&door.passage, &only_a_cap, p->memo, &reader);
	door.next = reader.admit;
	reader.admit = admit;
	reader.admit_arg = &door;
	reader.changes_labels = true;
	if (promtext_read(&reader, set, url, text, err) < 0)
		return -1;
	series_passage_end(&door.passage, &metrics[1], set);
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	static const struct meilisearch_request ask = {.path = "/metrics",
	                                               .action = "metrics.get on all indexes",
	                                               .accept = "text/plain; version=0.0.4; charset=utf-8",
	                                               .max_bytes = PROMTEXT_MAX_BYTES};
	struct http_response response;
	bool enabled;

	if (meilisearch_fetch(p, &ask, &response, err) < 0)
		return -1;
	enabled = response.status == 200;
	if (!enabled && !meilisearch_says(&response, "feature_not_enabled"))
		return meilisearch_refused(p, &ask, &response, err);
	sample_add(set, &metrics[0], enabled, NO_LABELS);
	return enabled ? add_all(p, meilisearch_url(p, &ask), response.body, set, err) : 0;
}

const struct collector collector_meilisearch_metrics = {
	.name = "metrics",
	.help = "The server's own metrics, where they are enabled.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
