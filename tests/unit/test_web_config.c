/* web.yml and its faults; bcrypt users; gzip; the process' own families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <crypt.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/eventfd.h>
#include <zlib.h>

#include "base/clock.h"
#include "metric/exposition.h"
#include "metric/gzip.h"
#include "web/auth.h"
#include "web/self.h"
#include "web/webconfig.h"

#define HASH "$2b$04$abcdefghijklmnopqrstuuB1IkTpxcTo1BaSlPjEnjXjkRjCZJRpO" /* any 53 characters do */

static char path[64];

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	char name[] = "/tmp/vedette-web-XXXXXX";
	int fd = mkstemp(name);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	snprintf(path, sizeof(path), "%s", name);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void bad(const char *text, const char *sentence)
{
	struct faults CLEANUP(faults_fini) faults;
	struct webconfig *c;

	write_file(text);
	faults_init(&faults);
	assert_int_equal(webconfig_load(&c, path, &faults), -1);
	assert_true(faults.n > 0);
	if (!strstr(faults.text.data, sentence))
		fail_msg("%s\n%s\ndoes not say: %s", text, faults.text.data, sentence);
	assert_non_null(strstr(faults.text.data, path));
}

static struct webconfig *good(const char *text)
{
	struct faults CLEANUP(faults_fini) faults;
	struct webconfig *c;

	write_file(text);
	faults_init(&faults);
	if (webconfig_load(&c, path, &faults) < 0)
		fail_msg("%s", faults.text.data);
	return c;
}

static void test_good(void **state)
{
	struct webconfig *c =
		good("http_server_config:\n  http2: true\n  headers: {X-Frame-Options: deny}\n"
	             "basic_auth_users:\n  ann: " HASH "\n  bob: '" HASH "'\n");

	(void)state;
	assert_false(c->tls);
	assert_true(webconfig_guarded(c));
	assert_int_equal(c->file.basic_auth_users.n, 2);
	assert_string_equal(c->file.basic_auth_users.items[0].value, HASH);
	assert_false(webconfig_changed(c));
	webconfig_unref(webconfig_ref(c));
	write_file("basic_auth_users: {}\n");
	assert_true(webconfig_changed(c));
	webconfig_stamp(c);
	assert_false(webconfig_changed(c));
	unlink(path);
	assert_true(webconfig_changed(c));
	webconfig_unref(c);
	c = good("{}\n");
	assert_false(webconfig_guarded(c));
	webconfig_unref(c);
}

static void test_bad(void **state)
{
	(void)state;
	bad("basic_auth_user: {a: b}\n", "basic_auth_users");
	bad("basic_auth_users: {ann: secret}\n", "ann has no bcrypt hash");
	bad("basic_auth_users: {ann: $5$rounds=1000$x$y}\n", "htpasswd");
	bad("basic_auth_users: {ann: " HASH "x}\n", "no bcrypt hash");
	bad("basic_auth_users: {ann: $2b$20$abcdefghijklmnopqrstuuB1IkTpxcTo1BaSlPjEnjXjkRjCZJRpO}\n", "cost over 14");
	bad("basic_auth_users: {'a:b': " HASH "}\n", "colon");
	bad("rate_limit: {interval: 1s, burst: 20}\n", "rate_limit is not implemented");
	bad("tls_server_config: {cert_file: a, key_file: b, cipher_suites: [X]}\n", "cipher_suites is not implemented");
	bad("tls_server_config: {cert_file: a, key_file: b, curve_preferences: [X25519]}\n",
	    "curve_preferences is not");
	bad("tls_server_config: {cert_file: a}\n", "no key_file");
	bad("tls_server_config: {key_file: a}\n", "no cert_file");
	bad("tls_server_config: {cert_file: a, cert: b, key_file: c}\n", "inline and as a file");
	bad("tls_server_config: {cert_file: a, key_file: b, min_version: TLS10}\n", "TLS 1.0 and 1.1 are not offered");
	bad("tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, max_version: TLS12}\n", "newer");
	bad("tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}\n", "TLS12");
	bad("tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireAndVerifyClientCert}\n",
	    "needs client_ca_file");
	bad("tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}\n", "without client_auth_type");
	bad("tls_server_config: {client_auth_type: RequireAnyClientCert}\n", "need TLS");
	bad("tls_server_config: {cert_file: a, key_file: b, client_allowed_sans: [x]}\n", "client_allowed_sans needs");
	bad("tls_server_config: {cert_file: /nowhere/a, key_file: /nowhere/b}\n", "/nowhere/a");
	bad("tls_server_config: {cert: x, key: y}\n", "do not make a pair");
	bad("http_server_config: {headers: {Set-Cookie: a}}\n", "Set-Cookie cannot be set");
	bad("http_server_config: {headers: {X-Frame-Options: \"a\\nb\"}}\n", "control characters");
}

static void test_all_faults_at_once(void **state)
{
	struct faults CLEANUP(faults_fini) faults;
	struct webconfig *c;

	(void)state;
	write_file("basic_auth_users: {ann: secret, bob: hunter2}\nrate_limit: {burst: 1}\n");
	faults_init(&faults);
	assert_int_equal(webconfig_load(&c, path, &faults), -1);
	assert_int_equal(faults.n, 3);
	assert_null(strstr(faults.text.data, "hunter2")); /* it may be a password */
}

/* Waits until the job has ended. */
static enum auth_result wait_for(struct auth *auth, int fd, struct auth_job *job)
{
	enum auth_result result;
	eventfd_t n;

	while ((result = auth_poll(auth, job)) == AUTH_PENDING)
		assert_int_equal(eventfd_read(fd, &n), 0);
	auth_job_free(auth, job);
	return result;
}

/* "Basic " and the base64 of `plain`. */
static const char *basic(struct arena *a, const char *plain)
{
	gnutls_datum_t in = {(unsigned char *)(uintptr_t)plain, (unsigned)strlen(plain)}, out = {0};
	const char *text;

	assert_true(gnutls_base64_encode2(&in, &out) >= 0);
	text = arena_printf(a, "Basic %.*s", (int)out.size, out.data);
	gnutls_free(out.data);
	return text;
}

static void test_users(void **state)
{
	struct crypt_data data = {0};
	struct string_pair pairs[] = {{"ann", crypt_r("se:cret", "$2y$04$abcdefghijklmnopqrstuu", &data)}};
	struct string_map users = {pairs, 1};
	int fd = eventfd(0, 0);
	struct auth *auth = auth_new(fd);
	struct auth_job *job = NULL;
	struct arena a = {0};

	(void)state;
	assert_int_equal(auth_hash_check(pairs[0].value), HASH_GOOD);
	assert_int_equal(auth_check(auth, &users, basic(&a, "ann:se:cret"), &job), AUTH_PENDING);
	assert_int_equal(wait_for(auth, fd, job), AUTH_OK);
	assert_int_equal(auth_check(auth, &users, basic(&a, "ann:se:cret"), &job), AUTH_OK); /* remembered */
	assert_int_equal(auth_check(auth, &users, basic(&a, "ann:wrong"), &job), AUTH_PENDING);
	assert_int_equal(wait_for(auth, fd, job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, basic(&a, "ann:wrong"), &job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, basic(&a, "eve:se:cret"), &job),
	                 AUTH_PENDING); /* as dear as a known one */
	assert_int_equal(wait_for(auth, fd, job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, NULL, &job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, "", &job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, "Basic", &job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, "Basic !!!", &job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, basic(&a, "no colon"), &job), AUTH_DENIED);
	assert_int_equal(auth_check(auth, &users, "Bearer YW5uOnNlOmNyZXQ=", &job), AUTH_DENIED);
	/* another hash is another login: what was remembered does not count */
	pairs[0].value = crypt_r("other", "$2b$04$bbcdefghijklmnopqrstuu", &data);
	assert_int_equal(auth_check(auth, &users, basic(&a, "ann:se:cret"), &job), AUTH_PENDING);
	assert_int_equal(wait_for(auth, fd, job), AUTH_DENIED);
	auth_free(auth);
	arena_fini(&a);
	close(fd);
}

static void test_login_queue(void **state)
{
	struct string_pair pairs[] = {{"ann", "$2y$10$abcdefghijklmnopqrstuuB1IkTpxcTo1BaSlPjEnjXjkRjCZJRpO"}};
	struct string_map users = {pairs, 1};
	int fd = eventfd(0, 0), busy = 0;
	struct auth *auth = auth_new(fd);
	struct auth_job *jobs[40] = {0};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		busy += auth_check(auth, &users, basic(&a, arena_printf(&a, "ann:%zu", i)), &jobs[i]) == AUTH_BUSY;
	assert_true(busy >= 20);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		auth_job_free(auth, jobs[i]); /* also those that wait or run */
	auth_free(auth);
	arena_fini(&a);
	close(fd);
}

static void unzip(const struct buf *packed, char *out, size_t size, size_t *len)
{
	z_stream z = {.next_in = (Bytef *)packed->data, .avail_in = (uInt)packed->len};

	assert_int_equal(inflateInit2(&z, 16 + 15), Z_OK);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)size;
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	*len = z.total_out;
	inflateEnd(&z);
}

static void test_gzip_twice(void **state)
{
	static char text[300000], back[sizeof(text)];
	struct buf CLEANUP_BUF packed = {0};
	struct gzip gzip = {0};
	struct err err;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * i >> 7);
	for (size_t n = sizeof(text);; n /= 10) {
		assert_int_equal(gzip_write(&gzip, text, n, &packed, &err), 0);
		unzip(&packed, back, sizeof(back), &len);
		assert_int_equal(len, n);
		assert_memory_equal(back, text, n);
		if (!n)
			break;
	}
	packed.max = 10;
	buf_fini(&packed);
	assert_int_equal(gzip_write(&gzip, text, sizeof(text), &packed, &err), -1);
	gzip_fini(&gzip);
	gzip_fini(&gzip);
}

static void test_self(void **state)
{
	struct arena a = {0}, scratch = {0};
	struct buf CLEANUP_BUF out = {0};
	struct sample_set set;
	const struct sample_set *sets[] = {&set};
	struct self self;
	struct self_usage usage;
	struct self_facts facts = {.reload = {.successful = true, .success_time = 12}};

	(void)state;
	self_init(&self);
	assert_true(self.start_time > 1e9 && self.start_time <= ns_to_seconds(clock_real_ns()) + 1);
	assert_true(self.start_time > ns_to_seconds(clock_real_ns()) - 600);
	self_usage(&self, &usage);
	assert_true(usage.rss_bytes > 1e5 && usage.rss_bytes < usage.virtual_bytes);
	assert_true(usage.threads >= 1 && usage.fds >= 3 && usage.fds < usage.max_fds);
	sample_set_init(&set, &a, NULL);
	self_samples(&self, &set, &facts);
	exposition_write(&out, EXPOSITION_TEXT, &scratch, sets, 1);
	buf_puts(&out, ""); /* ends it with a NUL */
	assert_non_null(strstr(out.data, "\nvedette_config_last_reload_success_timestamp_seconds 12\n"));
	assert_non_null(strstr(out.data, "vedette_build_info{version=\"" VEDETTE_VERSION "\""));
	assert_null(strstr(out.data, "vedette_scrape_duration_seconds")); /* there was no scrape */
	self_fini(&self);
	arena_fini(&a);
	arena_fini(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(test_all_faults_at_once, setup, teardown),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_login_queue),
		cmocka_unit_test(test_gzip_twice),
		cmocka_unit_test(test_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
