/* Whatever PgBouncer's console replies, to each collector: no series twice, and nothing that Prometheus would refuse.
 */
#include <stdlib.h>
#include <string.h>

#include "exporters/registry.h"
#include "metric/exposition.h"
#include "metric/promtext.h"
#include "net/pg.h"

static int answer(void *arg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out, struct err *err)
{
	(void)rq;
	return pg_rows_parse(a, arg, out, err);
}

static void check(struct arena *a, const struct sample_set *set)
{
	struct buf CLEANUP_BUF text = {0};
	struct promtext reader;
	struct sample_set again;
	struct err err;

	if (exposition_write(&text, EXPOSITION_TEXT, a, &set, 1) != 0)
		abort();
	promtext_init(&reader, a, false);
	sample_set_init(&again, a, NULL);
	if (text.len && promtext_read(&reader, &again, "reply", (struct span){text.data, text.len}, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static void collect(const struct collector *c, char *reply)
{
	struct arena arena = {0};
	struct sample_set set;
	struct err err = {""};
	struct probe probe = {.arena = &arena, .deadline_ns = INT64_MAX, .pg = pg_new_with(answer, reply, 11800)};

	sample_set_init(&set, &arena, NULL);
	if (c->collect(&probe, &set, &err) < 0 && !*err.text)
		abort();
	check(&arena, &set);
	pg_free(probe.pg);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *reply = malloc(size + 1);

	if (!reply)
		abort();
	memcpy(reply, data, size);
	reply[size] = '\0';
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++)
		if (rc->collector->target == TARGET_PGBOUNCER)
			collect(rc->collector, reply);
	free(reply);
	return 0;
}
