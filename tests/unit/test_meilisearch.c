/* Whatever a Meilisearch answers, or the beginning of it: no collector fails without a word, and none tells what was
 * not answered. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "collect/memo.h"
#include "exporters/meilisearch/common_meilisearch.h"
#include "exporters/registry.h"

#define CAPTURES TEST_DIR "/captures/meilisearch"

static int fixed_clock(clockid_t clock, struct timespec *out)
{
	(void)clock;
	*out = (struct timespec){1795342200, 0};
	return 0;
}

static const struct kernel kernel = {.clock_gettime = fixed_clock};
static struct canary canaries[] = {{.index = "movies", .query = "star wars", .expected_hits = 1}};
static struct meilisearch target = {.url = "http://m", .timeout = NS_PER_S, .canaries = {canaries, 1}};

static int answer(void *arg, struct arena *a, const struct http_request *rq, struct http_response *out, struct err *err)
{
	const struct span *text = arg;

	(void)rq;
	(void)err;
	/* in memory of its own, so that a byte too far is seen */
	*out = (struct http_response){200, {arena_strndup(a, text->s, text->len), text->len}, {"", 0}};
	return 0;
}

static int collect(const struct collector *c, struct arena *a, struct span text, struct sample_set *set,
                   struct err *err)
{
	struct memo *memo = memo_new();
	struct err note = {""};
	struct probe p = {.arena = a,
	                  .deadline_ns = INT64_MAX,
	                  .target = &target,
	                  .kernel = &kernel,
	                  .memo = memo,
	                  .note = &note,
	                  .http = http_new_with(answer, &text)};
	int rc;

	sample_set_init(set, a, NULL);
	rc = c->collect(&p, set, err);
	http_free(p.http);
	memo_free(memo);
	return rc;
}

static void check_cut(const struct collector *c, struct span whole, size_t len)
{
	struct arena a = {0};
	struct sample_set set;
	struct err err = {""};
	int rc = collect(c, &a, (struct span){whole.s, len}, &set, &err);

	assert_int_equal(rc == 0, !err.text[0]);
	/* metrics are lines: they may end after any; of JSON there is all or nothing but what says that it failed */
	if (rc == 0 && len < whole.len && strcmp(c->name, "metrics") != 0)
		fail_msg("%s: %zu of %zu bytes were enough", c->name, len, whole.len);
	arena_fini(&a);
}

static void check_capture(const char *path, const struct collector *c)
{
	struct arena a = {0};
	struct err err;
	char *text;
	size_t len;

	assert_int_equal(file_read(&a, path, 1 << 20, &text, &len, &err), 0);
	for (size_t cut = 0; cut <= len; cut += len > 2000 ? len / 400 : 1)
		check_cut(c, (struct span){text, len}, cut);
	arena_fini(&a);
}

static void each_collector(const char *path)
{
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++)
		if (!strncmp(rc->id, "meilisearch_", strlen("meilisearch_")))
			check_capture(path, rc->collector);
}

static void test_captures_cut_anywhere(void **state)
{
	DIR CLEANUP_DIR *dir = opendir(CAPTURES);
	struct dirent *d;
	char path[4096];
	int n = 0;

	(void)state;
	assert_non_null(dir);
	while ((d = readdir(dir)))
		if (strstr(d->d_name, ".body")) {
			snprintf(path, sizeof(path), CAPTURES "/%s", d->d_name);
			each_collector(path);
			n++;
		}
	assert_true(n > 40);
}

static const struct collector *collector_called(const char *id)
{
	const struct registered_collector *rc = registry_collectors;

	while (strcmp(rc->id, id) != 0)
		rc++;
	return rc->collector;
}

static size_t samples_of(const struct sample_set *set, const char *name, double *first)
{
	for (const struct family *f = set->first; f; f = f->next)
		if (!strcmp(f->desc->name, name)) {
			*first = f->first->items[0].value;
			return f->count;
		}
	return 0;
}

/* 300 indexes, and the one that a canary searches behind them */
static void test_many_indexes(void **state)
{
	struct arena a = {0};
	struct buf CLEANUP_BUF text = {0};
	struct sample_set set;
	struct err err = {""};
	double value;

	(void)state;
	buf_puts(&text, "{\"indexes\":{");
	for (int i = 0; i < 300; i++)
		buf_printf(&text, "\"i%03d\":{\"numberOfDocuments\":%d},", i, i);
	buf_puts(&text, "\"movies\":{\"numberOfDocuments\":7}}}");
	assert_int_equal(
		collect(collector_called("meilisearch_stats"), &a, (struct span){text.data, text.len}, &set, &err), 0);
	assert_int_equal(samples_of(&set, "meilisearch_index_docs_count", &value), 257);
	assert_int_equal(samples_of(&set, "vedette_search_unlisted_indexes", &value), 1);
	assert_true(value == 44);
	assert_int_equal(samples_of(&set, "meilisearch_index_count", &value), 1);
	assert_true(value == 301);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_captures_cut_anywhere),
	                                   cmocka_unit_test(test_many_indexes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
