/* Metrics out of lines, and secrets that are taken out of them. */
#include "logs/redact.h"
#include "metric/exposition.h"
#include "stage_fixture.h"

static void assert_metrics(struct fixture *x, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0}, scratch = {0};
	struct buf CLEANUP_BUF text = {0};
	const struct sample_set *sets[1];
	struct sample_set set;

	sample_set_init(&set, &a, NULL);
	plan_collect(x->plan, "s", &set);
	sets[0] = &set;
	exposition_write(&text, EXPOSITION_TEXT, &scratch, sets, 1);
	if (!strstr(text.data ? text.data : "", expected))
		fail_msg("shown:\n%s", text.data);
}

static void test_counter(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- metrics: [{name: app_pool_errors_total, match: 'PoolError', help: 'Pool errors.'}]\n");
	assert_metrics(x,
	               "# HELP app_pool_errors_total Pool errors.\n# TYPE app_pool_errors_total counter\n"
	               "app_pool_errors_total 0\n");
	push(x, "psycopg2.pool.PoolError: connection pool exhausted");
	push(x, "fine");
	push(x, "PoolError");
	assert_metrics(x, "app_pool_errors_total 2\n");
}

static void test_labels_and_actions(void **state)
{
	struct fixture *x = *state;

	stages(x,
	       "stages:\n- logfmt: {fields: [m, b]}\n- metrics:\n"
	       "  - {name: bytes_total, action: add, source: b, labels: [m]}\n"
	       "  - {name: last_bytes, type: gauge, action: set, source: b}\n"
	       "  - {name: gets, type: gauge, action: dec, source: m, value: GET}\n");
	push(x, "m=GET b=10");
	push(x, "m=GET b=5.5");
	push(x, "m=PUT b=1");
	push(x, "m=PUT b=x");
	push(x, "m=PUT b=-1");
	assert_metrics(x, "bytes_total{m=\"GET\"} 15.5\nbytes_total{m=\"PUT\"} 1\n");
	assert_metrics(x, "last_bytes -1\n");
	assert_metrics(x, "gets -2\n");
	assert_int_equal(failures(x, "no number"), 3);
}

static void test_histogram(void **state)
{
	struct fixture *x = *state;

	stages(x,
	       "stages:\n- logfmt: {fields: [d]}\n- metrics: [{name: took_seconds, type: histogram, source: d, "
	       "buckets: ['0.1', '1']}]\n");
	push(x, "d=0.1");
	push(x, "d=0.5");
	push(x, "d=2");
	assert_metrics(x,
	               "took_seconds_bucket{le=\"0.1\"} 1\ntook_seconds_bucket{le=\"1\"} 2\n"
	               "took_seconds_bucket{le=\"+Inf\"} 3\ntook_seconds_sum 2.6\ntook_seconds_count 3\n");
}

static void test_series_are_bounded(void **state)
{
	struct fixture *x = *state;
	char line[32];

	stages(x, "stages:\n- logfmt: {fields: [id]}\n- metrics: [{name: ids_total, labels: [id], max_series: 10}]\n");
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "id=%d", i);
		push(x, line);
	}
	assert_int_equal(failures(x, "too many series"), 90);
	assert_metrics(x, "ids_total{id=\"9\"} 1\n");
}

static void test_refused(void **state)
{
	static const char *const cases[][2] = {
		{"{name: a-b_total}", "no name of a metric"},
		{"{name: x}", "ends in _total"},
		{"{name: x_total, type: gauge}", "ends in _total"},
		{"{name: vedette_x_total}", "the agent's own"},
		{"{name: x_total, action: dec}", "only grows"},
		{"{name: x, type: gauge, action: set}", "write source"},
		{"{name: x, type: histogram}", "write source"},
		{"{name: x, type: histogram, source: a, buckets: []}", "0 buckets"},
		{"{name: x, type: histogram, source: a, buckets: ['1', '1']}", "bucket 2 is no number above"},
		{"{name: x_total, labels: [a-b]}", "label 1 is no name"},
		{"{name: x_total, value: a}", "write source"},
		{"{match: x}", "name: missing"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256];

		snprintf(text, sizeof(text), "stages:\n- metrics: [%s]\n", cases[i][0]);
		assert_refused(*state, text, cases[i][1]);
	}
}

static void assert_redacted(unsigned kinds, const char *text, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct span out = redact(&a, span_of(text), kinds);
	char *shown = arena_strndup(&a, out.s, out.len);

	if (strcmp(shown, expected) != 0)
		fail_msg("%s becomes\n%s, not\n%s", text, shown, expected);
}

#define R "<redacted>"

static void test_passwords(void **state)
{
	static const char *const cases[][2] = {
		{"password=hunter2 x", "password=" R " x"},
		{"PGPASSWORD=hunter2", "PGPASSWORD=" R},
		{"{\"password\": \"hun\\\"ter 2\", \"a\": 1}", "{\"password\": \"" R "\", \"a\": 1}"},
		{"{\\\"password\\\":\\\"hunter2\\\",\\\"a\\\":1}", "{\\\"password\\\":\\\"" R "\\\",\\\"a\\\":1}"},
		{"?user=a&api_key=abc&x=1", "?user=a&api_key=" R "&x=1"},
		{"ALTER ROLE a PASSWORD 'hunter2';", "ALTER ROLE a PASSWORD '" R "';"},
		{"secret_key: AKIA/1+2=, next", "secret_key: " R ", next"},
		{"password_file=/run/x passwords: 3", "password_file=/run/x passwords: 3"},
		{"the password is wrong", "the password is wrong"},
		{"password=", "password="},
		{"password=\"open", "password=\"" R},
		{"token == abc", "token == " R},
		{"passwordpassword=a", "passwordpassword=" R},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_redacted(1 << REDACT_PASSWORD, cases[i][0], cases[i][1]);
}

static void test_tokens(void **state)
{
	(void)state;
	assert_redacted(1 << REDACT_BEARER, "Authorization: Bearer abc.def-123=", "Authorization: Bearer " R);
	assert_redacted(1 << REDACT_BEARER, "authorization: basic dXNlcjpwYXNz", "authorization: basic " R);
	assert_redacted(1 << REDACT_BEARER, "the bearer of news", "the bearer of news");
	assert_redacted(1 << REDACT_JWT, "t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln x", "t " R " x");
	assert_redacted(1 << REDACT_JWT, "eyJhbGciOiJIUzI1NiJ9 eyJ", "eyJhbGciOiJIUzI1NiJ9 eyJ");
}

static void test_addresses(void **state)
{
	(void)state;
	assert_redacted(1 << REDACT_DSN, "at postgresql://app:hun:ter2@db:5432/x?a=b",
	                "at postgresql://app:" R "@db:5432/x?a=b");
	assert_redacted(1 << REDACT_DSN, "redis://:p@ss@host", "redis://:" R "@host");
	assert_redacted(1 << REDACT_DSN, "amqp://u:p/w@host/v", "amqp://u:" R "@host/v");
	assert_redacted(1 << REDACT_DSN, "http://host:80/a?mail=a@b.de", "http://host:80/a?mail=a@b.de");
	assert_redacted(1 << REDACT_DSN, "http://host/a@b :// http://u@h", "http://host/a@b :// http://u@h");
	assert_redacted(1 << REDACT_EMAIL, "from <a.b+c@ex-ample.com>, x", "from <" R ">, x");
	assert_redacted(1 << REDACT_EMAIL, "a@b @ @x.de user@host a@b.c.", "a@b @ @x.de user@host a@b.c.");
	assert_redacted(0, "password=x a@b.de", "password=x a@b.de");
}

static void test_all_at_once(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- redact: [password, bearer, jwt, dsn, email]\n",
	            "a@b.de pg://u:p@h token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln Bearer 123456789",
	            R " pg://u:" R "@h token=" R " Bearer " R);
	assert_step(x, "stages:\n- logfmt: {fields: [u]}\n- labels: [u]\n- redact: [email]\n", "u=a@b.de",
	            "u=" R " label.u=" R " got.u=" R);
	assert_refused(x, "stages:\n- redact: []\n", "names nothing");
	assert_refused(x, "stages:\n- redact: [passwort]\n", "write password");
}

static void test_many_and_binary(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF text = {0};
	struct span out;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "password=x ");
	out = redact(&a, (struct span){text.data, text.len}, 1 << REDACT_PASSWORD);
	assert_null(memmem(out.s, out.len, "=x", 2));
	assert_int_equal(redact(&a, (struct span){"\0@\0.\xff://:", 9}, 31).len, 9);
	assert_int_equal(redact(&a, (struct span){NULL, 0}, 31).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_counter),     TEST(test_labels_and_actions),
		TEST(test_histogram),   TEST(test_series_are_bounded),
		TEST(test_refused),     TEST(test_passwords),
		TEST(test_tokens),      TEST(test_addresses),
		TEST(test_all_at_once), TEST(test_many_and_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
