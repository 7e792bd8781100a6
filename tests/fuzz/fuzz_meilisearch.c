/* Whatever a Meilisearch answers, with whatever status, to each collector: no series twice, nothing that Prometheus
 * would refuse, and no failure without a word. */
#include <stdlib.h>
#include <string.h>

#include "collect/memo.h"
#include "exporters/meilisearch/common_meilisearch.h"
#include "exporters/registry.h"
#include "reread.h"

static int fixed_clock(clockid_t clock, struct timespec *out)
{
	(void)clock;
	*out = (struct timespec){1795342200, 0};
	return 0;
}

static const struct kernel kernel = {.clock_gettime = fixed_clock};
static struct canary canaries[] = {{.index = "movies", .query = "\"", .expected_hits = 1},
                                   {.name = "n", .index = "movies", .query = "x", .filter = "y", .min_interval = 1}};
static const char key[] = "the-key-of-this-target";
static struct meilisearch target = {
	.url = "http://m", .access = {.bearer_token = key}, .timeout = NS_PER_S, .canaries = {canaries, 2}};

/* The first byte chooses the status, the rest is the body. */
static int answer(void *arg, struct arena *a, const struct http_request *rq, struct http_response *out, struct err *err)
{
	static const int statuses[] = {200, 200, 200, 400, 401, 403, 404, 500};
	const struct span *input = arg;
	size_t len = input->len ? input->len - 1 : 0;

	(void)rq;
	(void)err;
	*out = (struct http_response){input->len ? statuses[(unsigned char)*input->s % 8] : 200,
	                              {arena_strndup(a, input->s + (input->len > 0), len), len},
	                              {"", 0}};
	return 0;
}

static void collect(const struct collector *c, struct span input, const char *name)
{
	struct arena arena = {0};
	struct sample_set set;
	struct err err = {""}, note = {""};
	struct memo *memo = memo_new();
	struct probe probe = {.arena = &arena,
	                      .deadline_ns = INT64_MAX,
	                      .target = &target,
	                      .kernel = &kernel,
	                      .memo = memo,
	                      .note = &note,
	                      .http = http_new_with(answer, &input)};

	sample_set_init(&set, &arena, name);
	if ((c->collect(&probe, &set, &err) < 0) != (*err.text != '\0') || strstr(err.text, key) ||
	    strstr(note.text, key))
		abort();
	reread(&arena, &set);
	http_free(probe.http);
	memo_free(memo);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++)
		if (!strncmp(rc->id, "meilisearch_", strlen("meilisearch_")))
			collect(rc->collector, (struct span){(const char *)data, size}, size % 2 ? "app" : NULL);
	return 0;
}
