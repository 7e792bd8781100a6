/* More clients than anybody wants to see one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "exporters/pgbouncer/common_show.h"

extern const struct collector collector_pgbouncer_clients;

enum { NAMES = 1500 };

/* Two clients of each name. */
static int answer(void *arg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out, struct err *err)
{
	struct buf CLEANUP_BUF text = {0};

	(void)arg;
	assert_string_equal(rq->sql, "SHOW CLIENTS");
	buf_puts(&text, "application_name\tuser\n");
	for (int i = 0; i < 2 * NAMES; i++)
		buf_printf(&text, "name%d\tapp\n", i % NAMES);
	return pg_rows_parse(a, text.data, out, err);
}

static const struct family *find_family(const struct sample_set *set, const char *name)
{
	const struct family *f = set->first;

	while (f && strcmp(f->desc->name, name) != 0)
		f = f->next;
	return f;
}

static void too_many_names_are_cut(void **state)
{
	struct arena a = {0};
	struct sample_set set;
	struct err err;
	struct probe probe = {.arena = &a, .deadline_ns = INT64_MAX, .pg = pg_new_with(answer, NULL, 11800)};
	const struct family *f;

	(void)state;
	sample_set_init(&set, &a, NULL);
	assert_int_equal(collector_pgbouncer_clients.collect(&probe, &set, &err), 0);
	f = find_family(&set, "pgbouncer_client_connections");
	assert_int_equal(f->count, SHOW_MAX_SERIES);
	assert_true(f->first->items[0].value == 2);
	f = find_family(&set, "vedette_pgbouncer_cut_series");
	assert_true(f->first->items[0].value == NAMES - SHOW_MAX_SERIES);
	pg_free(probe.pg);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(too_many_names_are_cut)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
