/* Whatever PgBouncer's console replies, to each collector: no series twice, and nothing that Prometheus would refuse.
 */
#include <stdlib.h>
#include <string.h>

#include "exporters/registry.h"
#include "net/pg.h"
#include "reread.h"

static int answer(void *arg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out, struct err *err)
{
	(void)rq;
	return pg_rows_parse(a, arg, out, err);
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
	reread(&arena, &set);
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
