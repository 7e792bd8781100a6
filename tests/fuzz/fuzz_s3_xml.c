/* Whatever a store that speaks S3 answers, as XML by itself and to the collectors that ask one: an end, an error, and
 * nothing that Prometheus would refuse. The first byte chooses the status of the answer, and whether collectors, which
 * are slower, are asked. */
#include <stdlib.h>
#include <string.h>

#include "collect/memo.h"
#include "exporters/minio/common_s3_list.h"
#include "exporters/minio/common_s3_settings.h"
#include "exporters/minio/common_s3_xml.h"
#include "exporters/registry.h"
#include "net/http.h"
#include "reread.h"

struct answers {
	struct span text;
	int status;
	size_t left; /* that are asked before the store is gone */
};

static const struct s3_canary canary = {.bucket = "bucket", .prefix = "", .min_interval = 0};
static const struct s3_usage usage = {.max_objects = 10000};
static const struct minio_target target = {.url = "http://store:9000",
                                           .access_key = "key",
                                           .secret_key = "secret",
                                           .timeout = INT64_C(1000000000),
                                           .metrics = MINIO_NONE,
                                           .region = "us-east-1",
                                           .canary = &canary,
                                           .usage = &usage};

static int frozen_uname(struct utsname *out)
{
	*out = (struct utsname){.nodename = "host"};
	return 0;
}

static int frozen_clock(clockid_t clock, struct timespec *out)
{
	(void)clock;
	*out = (struct timespec){1700000000, 0};
	return 0;
}

static const struct kernel frozen = {.uname = frozen_uname, .clock_gettime = frozen_clock};

static int answer(void *arg, struct arena *a, const struct http_request *rq, struct http_response *out, struct err *err)
{
	struct answers *answers = arg;
	size_t n = answers->text.len < rq->max_bytes ? answers->text.len : rq->max_bytes;

	if (!answers->left)
		return err_set(err, "gone");
	answers->left--;
	*out = (struct http_response){
		answers->status, {arena_strndup(a, answers->text.s, n), n}, SPAN("x-amz-version-id: null\r\n")};
	return 0;
}

static void collect(const struct collector *c, struct answers answers)
{
	struct arena arena = {0};
	struct memo *memo = memo_new();
	struct sample_set set;
	struct err err = {""};
	struct probe probe = {.arena = &arena,
	                      .deadline_ns = INT64_MAX,
	                      .target = &target,
	                      .kernel = &frozen,
	                      .http = http_new_with(answer, &answers),
	                      .memo = memo};

	for (int i = 0; i < 2; i++) {
		sample_set_init(&set, &arena, NULL);
		if (c->collect(&probe, &set, &err) < 0 && !*err.text)
			abort();
		reread(&arena, &set);
	}
	http_free(probe.http);
	memo_free(memo);
	arena_fini(&arena);
}

/* Every item lies in the document, its parent is open, and the outermost comes last. */
static void walk(struct span document)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct s3_xml_item item = {.parent = SPAN("none")};
	struct s3_xml xml;
	struct err err = {""};
	int rc;

	s3_xml_init(&xml, &a, document);
	while ((rc = s3_xml_next(&xml, &item, &err)) > 0)
		if (!item.name.len || item.name.s < document.s || item.name.s > document.s + document.len ||
		    (item.text && strlen(item.text) > document.len))
			abort();
	if (rc < 0 ? !*err.text : item.parent.len)
		abort();
}

static void read_lists(struct span document)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct s3_versions versions;
	struct s3_buckets buckets;
	struct s3_objects objects;
	struct err err;

	if (s3_read_versions(&a, document, "key", &versions, &err) == 0 && versions.n > S3_VERSIONS_MAX)
		abort();
	if (s3_read_buckets(&a, document, &buckets, &err) == 0 && buckets.n > S3_BUCKETS_MAX)
		abort();
	if (s3_read_objects(&a, document, &objects, &err) == 0 && objects.next && !*objects.next)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = {200, 204, 301, 400, 403, 404, 500, 503, 507, 502};
	struct answers answers = {.left = 5};

	if (!size)
		return 0;
	answers.status = statuses[*data % ARRAY_LEN(statuses)];
	answers.text = (struct span){(const char *)data + 1, size - 1};
	walk(answers.text);
	read_lists(answers.text);
	for (const struct registered_collector *rc = registry_collectors; rc->id && *data & 0x10; rc++)
		if (!strcmp(rc->id, "minio_canary") || !strcmp(rc->id, "minio_usage"))
			collect(rc->collector, answers);
	return 0;
}
