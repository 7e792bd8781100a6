/* Replies and errors of PostgreSQL: what can be said of them without a server. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/pg.h"

static struct arena arena;

static const struct pg_rows *parse(const char *text)
{
	const struct pg_rows *rows;
	struct err err;

	assert_int_equal(pg_rows_parse(&arena, text, &rows, &err), 0);
	return rows;
}

static void columns_are_found_by_name(void **state)
{
	const struct pg_rows *rows = parse("a\tb\tc\n1\t\\N\tx\n2\t\t\\N\n");

	(void)state;
	assert_int_equal(pg_rows_count(rows), 2);
	assert_int_equal(pg_columns(rows), 3);
	assert_int_equal(pg_column(rows, "c"), 2);
	assert_int_equal(pg_column(rows, "d"), -1);
	assert_string_equal(pg_column_name(rows, 1), "b");
	assert_string_equal(pg_text(rows, 0, 2), "x");
	assert_null(pg_text(rows, 0, 1));
	assert_string_equal(pg_text(rows, 1, 1), "");
}

static void numbers(void **state)
{
	const struct pg_rows *rows = parse("n\n1.5\nt\nf\nInfinity\n-Infinity\nNaN\n\\N\n\nx\n9007199254740993\n");
	static const double want[] = {1.5, 1, 0, INFINITY, -INFINITY};
	double d;
	int64_t i;

	(void)state;
	for (size_t row = 0; row < sizeof(want) / sizeof(want[0]); row++) {
		assert_true(pg_number(rows, row, 0, &d));
		assert_true(d == want[row]);
	}
	assert_true(pg_number(rows, 5, 0, &d));
	assert_true(isnan(d));
	for (size_t row = 6; row < 9; row++) {
		assert_false(pg_number(rows, row, 0, &d));
		assert_false(pg_integer(rows, row, 0, &i));
	}
	assert_true(pg_integer(rows, 9, 0, &i));
	assert_true(i == INT64_C(9007199254740993));
	assert_false(pg_integer(rows, 0, 0, &i));
}

static void rows_that_do_not_fit_their_names(void **state)
{
	const struct pg_rows *rows;
	struct err err;

	(void)state;
	assert_int_equal(pg_rows_parse(&arena, "a\tb\n1\t2\n3\n", &rows, &err), -1);
	assert_non_null(strstr(err.text, "line 3 has 1 values for 2 names"));
	assert_int_equal(pg_rows_parse(&arena, "", &rows, &err), -1);
}

static enum pg_failure refusal(const struct pg_options *o, struct err *err)
{
	struct pg *pg = pg_new(o, PG_SERVER);
	struct pg_request rq = {.name = "x", .sql = "SELECT 1", .deadline_ns = clock_mono_ns() + 5 * NS_PER_S};
	const struct pg_rows *rows;
	enum pg_failure failure;
	struct err again;

	pg_begin(pg);
	assert_int_equal(pg_query(pg, &arena, &rq, &rows, err), -1);
	failure = pg_failure(pg);
	/* within one run nobody tries again */
	assert_int_equal(pg_query(pg, &arena, &rq, &rows, &again), -1);
	assert_int_equal(pg_failure(pg), failure);
	assert_string_equal(again.text, err->text);
	assert_false(pg_answered(pg));
	pg_free(pg);
	return failure;
}

static void logins_that_fail(void **state)
{
	struct pg_options o = {.host = "127.0.0.1",
	                       .port = 1,
	                       .database = "app",
	                       .user = "u",
	                       .password = "hush",
	                       .timeout = NS_PER_S};
	struct err err;

	(void)state;
	assert_int_equal(refusal(&o, &err), PG_REFUSED);
	assert_non_null(strstr(err.text, "127.0.0.1:1: connection refused"));
	o.host = "/nowhere";
	assert_int_equal(refusal(&o, &err), PG_REFUSED);
	o.host = "no-such-name.invalid";
	assert_int_equal(refusal(&o, &err), PG_DNS);
	o.host = "a,b";
	assert_int_equal(refusal(&o, &err), PG_CONFIG);
	o.host = "127.0.0.1";
	o.service = "no-such-service";
	assert_int_equal(refusal(&o, &err), PG_CONFIG);
	assert_null(strstr(err.text, "hush"));
}

static void addresses_from_the_environment(void **state)
{
	struct pg_options o = {.timeout = NS_PER_S};
	struct err err;
	struct pg *pg;

	(void)state;
	setenv("DATABASE_URL", "postgresql+asyncpg://app:p%40ss%23@db.example:6543/docs", 1);
	pg = pg_new(&o, PG_SERVER);
	assert_string_equal(pg_server(pg), "db.example:6543");
	assert_string_equal(pg_database(pg), "docs");
	pg_free(pg);
	/* what is set wins, as a whole: half of two addresses is neither */
	o.host = "127.0.0.1";
	setenv("PGPORT", "7777", 1);
	pg = pg_new(&o, PG_SERVER);
	assert_string_equal(pg_server(pg), "127.0.0.1:7777");
	pg_free(pg);
	o.host = NULL;
	setenv("DATABASE_URL", "postgresql://app:hush%zz@db.example/docs", 1);
	assert_int_equal(refusal(&o, &err), PG_CONFIG);
	assert_null(strstr(err.text, "hush"));
	/* libpq would take it for the name of a database */
	setenv("DATABASE_URL", "mysql://app:hush@db.example/docs", 1);
	assert_int_equal(refusal(&o, &err), PG_CONFIG);
	assert_null(strstr(err.text, "hush"));
	unsetenv("DATABASE_URL");
	unsetenv("PGPORT");
	o.host = "postgresql://app:hush@db.example/docs";
	assert_int_equal(refusal(&o, &err), PG_CONFIG);
	assert_non_null(strstr(err.text, "host: an address; write its parts"));
	assert_null(strstr(err.text, "hush"));
}

static int forget(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(columns_are_found_by_name, forget),
		cmocka_unit_test_teardown(numbers, forget),
		cmocka_unit_test_teardown(rows_that_do_not_fit_their_names, forget),
		cmocka_unit_test_teardown(logins_that_fail, forget),
		cmocka_unit_test_teardown(addresses_from_the_environment, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
