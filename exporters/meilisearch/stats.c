/* What the database holds, from /stats, under the names of the server's own metrics, which need not be enabled. */
#include <math.h>

#include "base/utc.h"
#include "exporters/meilisearch/common_meilisearch.h"

enum { MAX_INDEXES = 256 };

enum {
	DB_SIZE,
	USED_DB_SIZE,
	INDEX_COUNT,
	INDEX_DOCS,
	IS_INDEXING,
	LAST_UPDATE,
	INDEX_INDEXING,
	INDEX_BYTES,
	UNLISTED,
};

static const struct metric_desc metrics[] = {
	[DB_SIZE] = {"meilisearch_db_size_bytes", "Size of the databases of all indexes on disk.", METRIC_GAUGE},
	[USED_DB_SIZE] = {"meilisearch_used_db_size_bytes", "How much of that size is in use.", METRIC_GAUGE},
	[INDEX_COUNT] = {"meilisearch_index_count", "Indexes that the key may see.", METRIC_GAUGE},
	[INDEX_DOCS] = {"meilisearch_index_docs_count",
                        "Documents in the index. Where a metric of exporters.sql counts the documents in the database, "
                        "sum(documents) - sum(meilisearch_index_docs_count{index=\"documents\"}) is how far they have "
                        "drifted apart.",
                        METRIC_GAUGE, "index"},
	[IS_INDEXING] = {"meilisearch_is_indexing", "Whether any index takes up documents now.", METRIC_GAUGE},
	[LAST_UPDATE] = {"meilisearch_last_update", "When an index was last changed; absent where none was.",
                         METRIC_GAUGE},
	[INDEX_INDEXING] = {"vedette_search_index_indexing", "Whether the index takes up documents now.", METRIC_GAUGE,
                            "index"},
	[INDEX_BYTES] = {"vedette_search_index_documents_bytes", "Size of the documents in the index, as they came.",
                         METRIC_GAUGE, "index"},
	[UNLISTED] = {"vedette_search_unlisted_indexes",
                      "Indexes without series of their own: only 256 have some, and those that a canary searches.",
                      METRIC_GAUGE},
	{0},
};

static const struct meilisearch_request ask = {.path = "/stats", .action = "stats.get"};

static bool has_canary(const struct meilisearch *o, const char *index)
{
	const struct canary *all = o->canaries.items;

	for (size_t i = 0; i < o->canaries.n; i++)
		if (!strcmp(all[i].index, index))
			return true;
	return false;
}

static void add_index(struct sample_set *set, const char *index, const json_t *stats)
{
	const json_t *indexing = json_object_get(stats, "isIndexing");
	double number;

	if (meilisearch_number(stats, "numberOfDocuments", &number))
		sample_add(set, &metrics[INDEX_DOCS], number, LABELS({"index", index}));
	if (meilisearch_number(stats, "rawDocumentDbSize", &number))
		sample_add(set, &metrics[INDEX_BYTES], number, LABELS({"index", index}));
	if (json_is_boolean(indexing))
		sample_add(set, &metrics[INDEX_INDEXING], json_is_true(indexing), LABELS({"index", index}));
}

static void add_indexes(struct probe *p, struct sample_set *set, json_t *indexes)
{
	size_t listed = 0, unlisted = 0;
	bool indexing = false;
	const char *index;
	json_t *stats;

	json_object_foreach(indexes, index, stats)
	{
		indexing = indexing || json_is_true(json_object_get(stats, "isIndexing"));
		if (listed < MAX_INDEXES || has_canary(p->target, index)) {
			add_index(set, index, stats);
			listed++;
		} else {
			unlisted++;
		}
	}
	sample_add(set, &metrics[INDEX_COUNT], (double)json_object_size(indexes), NO_LABELS);
	sample_add(set, &metrics[IS_INDEXING], indexing, NO_LABELS);
	sample_add(set, &metrics[UNLISTED], (double)unlisted, NO_LABELS);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	json_t *json CLEANUP_JSON = meilisearch_ask(p, &ask, err);
	json_t *indexes = json_object_get(json, "indexes");
	double number;

	if (!json)
		return -1;
	if (!json_is_object(indexes))
		return meilisearch_strange(p, &ask, err);
	add_indexes(p, set, indexes);
	if (meilisearch_number(json, "databaseSize", &number))
		sample_add(set, &metrics[DB_SIZE], number, NO_LABELS);
	if (meilisearch_number(json, "usedDatabaseSize", &number))
		sample_add(set, &metrics[USED_DB_SIZE], number, NO_LABELS);
	if (utc_parse(json_string_value(json_object_get(json, "lastUpdate")), &number))
		sample_add(set, &metrics[LAST_UPDATE], floor(number), NO_LABELS);
	return 0;
}

const struct collector collector_meilisearch_stats = {
	.name = "stats",
	.help = "Indexes, their documents, and the size of the database.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
