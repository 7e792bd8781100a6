/* A Meilisearch: what its database holds, its queue of tasks, its own metrics, and searches as its users make them. */
#include "collect/http_target.h"
#include "exporters/meilisearch/common_meilisearch.h"

#define SECOND INT64_C(1000000000)

static const struct field canary_fields[] = {
	F_STRING(struct canary, name, NULL, "What it is called in the label query; its query where this is not given."),
	{.name = "index",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct canary, index, const char *),
         .help = "The index that is searched.",
         .required = true},
	F_STRING(struct canary, query, "", "What is searched for; nothing stands for all documents."),
	F_STRING(struct canary, filter, NULL, "A filter as in Meilisearch's own language."),
	F_INT(struct canary, expected_hits, "1", "The search has succeeded when it finds at least as many documents.",
              0, 1000000000),
	F_DURATION(struct canary, min_interval, "0s",
                   "Searches less often than it is scraped; what was found last is told meanwhile."),
	{0},
};

static const char *name_of(const struct canary *c)
{
	return c->name ? c->name : c->query;
}

static bool index_name_ok(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len && len <= 512 && !name[len];
}

static int canary_check(const struct field *f, const struct list *list, size_t i, struct err *err)
{
	const struct canary *all = list->items;

	(void)f;
	if (i >= MEILISEARCH_MAX_CANARIES)
		return err_set(err, "more than %d canaries", MEILISEARCH_MAX_CANARIES);
	if (!index_name_ok(all[i].index))
		return err_set(err, "index: no index can be called %.60s; names hold letters, digits, - and _",
		               all[i].index);
	for (size_t k = 0; k < i; k++)
		if (!strcmp(all[k].index, all[i].index) && !strcmp(name_of(&all[k]), name_of(&all[i])))
			return err_set(err, "an earlier canary has the same index and query; give this one a name");
	return 0;
}

static const struct field fields[] = {
	{.name = "url",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct meilisearch, url, const char *),
         .help = "Where it is, such as http://meilisearch:7700.",
         .required = true},
	{.name = "key",
         .type = FIELD_SECRET,
         .offset = FIELD_AT(struct meilisearch, access.bearer_token, const char *),
         .help = "A key with the rights version, stats.get, tasks.get, metrics.get and (for canaries) search on all "
                 "indexes."},
	{.name = "ca_file",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct meilisearch, access.ca_file, const char *),
         .help = "File with the authorities that may sign its certificate."},
	{.name = "timeout",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct meilisearch, timeout, int64_t),
         .def = "3s",
         .help = "The longest that each request may take.",
         .min = SECOND / 10,
         .max = 120 * SECOND},
	{.name = "canaries",
         .type = FIELD_LIST,
         .offset = FIELD_AT(struct meilisearch, canaries, struct list),
         .fields = canary_fields,
         .item_size = sizeof(struct canary),
         .nameless = true,
         .check = canary_check,
         .help = "Searches that are made in each scrape, as users make them."},
	{0},
};

static const char *const urls[] = {"MEILI_URL", "MEILI_HTTP_ADDR", NULL};
static const char *const keys[] = {"MEILI_API_KEY", "MEILI_MASTER_KEY", NULL};

static const struct found_setting found[] = {
	{"url", urls},
	{"key", keys},
	{0},
};

static int check(const struct attachment *all, size_t i, struct err *err)
{
	const struct meilisearch *o = all[i].config;

	if (http_url_check(o->url, err) < 0)
		return -1;
	if (strpbrk(o->url, "?#"))
		return err_set(err, "the url ends before any ? or #; what is asked for is put behind it");
	return 0;
}

const struct exporter exporter_meilisearch = {
	.name = "meilisearch",
	.help = "Meilisearch: its indexes, tasks and own metrics, and whether searches find what they must.",
	.job = "meilisearch",
	.many_targets = true,
	.target = TARGET_HTTP,
	.found_as = found,
	.fields = fields,
	.config_size = sizeof(struct meilisearch),
	.check = check,
};
