/* Searches as users make them, whose least number of hits is known: an index that is empty, gone or wrongly filled
 * shows here while everything else looks well. */
#include "base/buf.h"
#include "collect/memo.h"
#include "exporters/meilisearch/common_meilisearch.h"

enum { EXPECTED, HITS, DURATION, SUCCESS };

static const struct metric_desc metrics[] = {
	[EXPECTED] = {"vedette_search_canary_expected_hits", "The fewest documents that the canary's search must find.",
                      METRIC_GAUGE, "index,query"},
	[HITS] = {"vedette_search_canary_hits",
                  "Documents that the canary's search has found, as the search engine estimates; absent where it was "
                  "refused. Older than this scrape only where min_interval is set.",
                  METRIC_GAUGE, "index,query"},
	[DURATION] = {"vedette_search_canary_duration_seconds", "How long the canary's search took.", METRIC_GAUGE,
                      "index,query"},
	[SUCCESS] = {"vedette_search_canary_success", "Whether the canary's search has found as many as it must.",
                     METRIC_GAUGE, "index,query"},
	{0},
};

struct finding {
	double hits, seconds;
};

static void write_search(const struct canary *c, struct buf *out)
{
	/* the documents themselves are of no use here */
	buf_puts(out, "{\"limit\":1,\"attributesToRetrieve\":[],\"q\":");
	buf_json(out, c->query);
	if (c->filter) {
		buf_puts(out, ",\"filter\":");
		buf_json(out, c->filter);
	}
	buf_putc(out, '}');
}

static double seconds_now(struct probe *p)
{
	struct timespec now;

	p->kernel->clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int search(struct probe *p, const struct canary *c, struct finding *out, struct err *err)
{
	struct buf CLEANUP_BUF text = {0};
	struct span body;
	struct meilisearch_request ask = {.path = arena_printf(p->arena, "/indexes/%s/search", c->index),
	                                  .action = "search on this index",
	                                  .body = &body};
	json_t *json CLEANUP_JSON = NULL;
	double start = seconds_now(p);

	write_search(c, &text);
	body = (struct span){text.data, text.len};
	json = meilisearch_ask(p, &ask, err);
	if (!json)
		return -1;
	out->seconds = seconds_now(p) - start;
	if (!meilisearch_number(json, "estimatedTotalHits", &out->hits))
		return meilisearch_strange(p, &ask, err);
	return 0;
}

/* Within its interval a canary is not sent again; one that was refused is. */
static int find(struct probe *p, const struct canary *c, size_t number, struct finding *out, struct err *err)
{
	const char *key = arena_printf(p->arena, "canary:%zu", number);
	int64_t stored_ns;
	const struct finding *last = c->min_interval ? memo_get(p->memo, key, sizeof(*last), &stored_ns) : NULL;

	if (last && clock_mono_ns() - stored_ns < c->min_interval) {
		*out = *last;
		return 0;
	}
	if (search(p, c, out, err) < 0)
		return -1;
	if (c->min_interval)
		memo_put(p->memo, key, out, sizeof(*out));
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct meilisearch *o = p->target;
	const struct canary *all = o->canaries.items;
	int result = 0;

	for (size_t i = 0; i < o->canaries.n; i++) {
		const struct canary *c = &all[i];
		const struct label labels[] = {{"index", c->index}, {"query", c->name ? c->name : c->query}};
		struct finding found;
		struct err later;
		bool answered = find(p, c, i, &found, result < 0 ? &later : err) == 0;

		sample_add(set, &metrics[EXPECTED], (double)c->expected_hits, labels, ARRAY_LEN(labels));
		sample_add(set, &metrics[SUCCESS], answered && found.hits >= (double)c->expected_hits, labels,
		           ARRAY_LEN(labels));
		if (answered) {
			sample_add(set, &metrics[HITS], found.hits, labels, ARRAY_LEN(labels));
			sample_add(set, &metrics[DURATION], found.seconds, labels, ARRAY_LEN(labels));
		}
		result = answered ? result : -1;
	}
	return result;
}

static bool wanted(const void *target)
{
	return ((const struct meilisearch *)target)->canaries.n > 0;
}

const struct collector collector_meilisearch_canary = {
	.name = "canary",
	.help = "Whether searches find what they must; only where the target has canaries.",
	.target = TARGET_HTTP,
	.wanted = wanted,
	.metrics = metrics,
	.collect = collect,
};
