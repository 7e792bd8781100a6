/* Names to addresses behind a deadline. */
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/thread.h"
#include "net/resolve.h"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held: "slow" and its like do not answer */
static atomic_int inside, most, calls;

static int look_up(const char *host, struct addresses *out)
{
	int now = atomic_fetch_add(&inside, 1) + 1;

	if (now > most)
		most = now;
	calls++;
	if (!strncmp(host, "slow", 4)) {
		pthread_mutex_lock(&gate);
		pthread_mutex_unlock(&gate);
	}
	atomic_fetch_sub(&inside, 1);
	if (!strcmp(host, "nobody"))
		return EAI_NONAME;
	out->n = 2;
	strcpy(out->text[0], "192.0.2.1");
	snprintf(out->text[1], RESOLVE_ADDRESS_MAX, "%.10s", host);
	return 0;
}

static int64_t in_ms(int64_t ms)
{
	return clock_mono_ns() + ms * NS_PER_MS;
}

static void answers(void **state)
{
	struct resolver *r = resolver_new_with(look_up);
	struct addresses found;
	struct err err;
	bool late;

	(void)state;
	assert_int_equal(resolve(r, "db", in_ms(5000), &found, &late, &err), 0);
	assert_int_equal(found.n, 2);
	assert_string_equal(found.text[0], "192.0.2.1");
	assert_string_equal(found.text[1], "db");
	assert_int_equal(resolve(r, "nobody", in_ms(5000), &found, &late, &err), -1);
	assert_false(late);
	assert_non_null(strstr(err.text, "nobody: name not found"));
	resolver_free(r);
}

static void addresses_are_not_asked_for(void **state)
{
	static const char *const all[] = {"127.0.0.1", "::1", "fe80::1"};
	struct resolver *r = resolver_new_with(look_up);
	struct addresses found;
	struct err err;
	bool late;
	int before = calls;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(resolve(r, all[i], in_ms(-1), &found, &late, &err), 0);
		assert_int_equal(found.n, 1);
		assert_string_equal(found.text[0], all[i]);
	}
	assert_int_equal(calls, before);
	resolver_free(r);
}

/* A helper that hangs costs the deadline, is alone, and its answer is there for whoever comes back for it. */
static void one_helper_at_most(void **state)
{
	struct resolver *r = resolver_new_with(look_up);
	struct addresses found;
	struct err err;
	bool late;
	int before;

	(void)state;
	most = 0;
	pthread_mutex_lock(&gate);
	before = calls;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(resolve(r, i == 1 ? "db" : "slow", in_ms(30), &found, &late, &err), -1);
		assert_true(late);
		assert_non_null(strstr(err.text, "did not answer in time"));
	}
	assert_int_equal(calls, before + 1);
	pthread_mutex_unlock(&gate);
	assert_int_equal(resolve(r, "slow", in_ms(5000), &found, &late, &err), 0);
	assert_string_equal(found.text[1], "slow");
	assert_int_equal(resolve(r, "db", in_ms(5000), &found, &late, &err), 0);
	assert_string_equal(found.text[1], "db");
	assert_int_equal(most, 1);
	resolver_free(r);
}

/* The owner may leave while the helper is still inside. */
static void freed_while_asking(void **state)
{
	struct resolver *r = resolver_new_with(look_up);
	struct addresses found;
	struct err err;
	bool late;

	(void)state;
	pthread_mutex_lock(&gate);
	assert_int_equal(resolve(r, "slow", in_ms(20), &found, &late, &err), -1);
	resolver_free(r);
	pthread_mutex_unlock(&gate);
	while (inside)
		;
	resolver_free(NULL);
}

static void names_have_limits(void **state)
{
	char name[2 * RESOLVE_NAME_MAX] = "";
	struct resolver *r = resolver_new_with(look_up);
	struct addresses found;
	struct err err;
	bool late;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_int_equal(resolve(r, name, in_ms(5000), &found, &late, &err), -1);
	assert_non_null(strstr(err.text, "too long"));
	resolver_free(r);
}

static void the_system_knows_localhost(void **state)
{
	struct resolver *r = resolver_new();
	struct addresses found;
	struct err err;
	bool late;

	(void)state;
	assert_int_equal(resolve(r, "localhost", in_ms(5000), &found, &late, &err), 0);
	assert_true(found.n >= 1);
	assert_int_equal(resolve(r, "no-such-name.invalid", in_ms(20000), &found, &late, &err), -1);
	resolver_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(addresses_are_not_asked_for),
		cmocka_unit_test(one_helper_at_most),
		cmocka_unit_test(freed_while_asking),
		cmocka_unit_test(names_have_limits),
		cmocka_unit_test(the_system_knows_localhost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
