#include <limits.h>
#include <pthread.h>

#include "base/file.h"
#include "config_fixture.h"

static void check_defaults(const struct sample *s)
{
	assert_string_equal(s->web.listen_address, "127.0.0.1:19100");
	assert_int_equal(s->web.scrape_timeout, 5000000000);
	assert_false(s->web.allow_insecure);
	assert_int_equal(s->external_labels.n, 0);
	assert_int_equal(s->exporters.host.collectors.disable.n, 2);
	assert_string_equal(s->exporters.host.collectors.disable.items[1], "edac");
	assert_int_equal(s->exporters.host.collectors.enable.n, 0);
	assert_true(regex_match(s->exporters.host.filesystem.mount_points_exclude, "/proc", 5));
	assert_false(regex_match(s->exporters.host.filesystem.mount_points_exclude, "/process", 8));
	assert_null(s->exporters.host.textfile.directory);
	assert_int_equal(s->exporters.host.textfile.max_age, INT64_C(2) * 86400 * 1000000000);
	assert_int_equal(s->exporters.postgres.n, 0);
	assert_null(s->logs.loki.basic_auth.password);
	assert_int_equal(s->logs.loki.max_bytes, 1048576);
	assert_true(s->logs.loki.factor == 1.5);
}

static void test_defaults(void **state)
{
	struct fixture *x = *state;

	memset(&x->s, 0xa5, sizeof(x->s));
	bind_defaults(&x->arena, sample_fields, &x->s);
	check_defaults(&x->s);
}

static void test_empty_texts_are_all_defaults(void **state)
{
	static const char *const texts[] = {
		"",   "\n", "# nothing\n",  "---\n",         "---\n...\n",
		"{}", "~",  "\xef\xbb\xbf", "web:\nlogs:\n", "exporters: {host: {collectors: }}"};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		memset(&x->s, 0xa5, sizeof(x->s));
		assert_int_equal(
			bind_text(&x->arena, "f", texts[i], strlen(texts[i]), sample_fields, &x->s, &x->faults), 0);
		check_defaults(&x->s);
	}
}

static void test_values(void **state)
{
	struct sample *s = bound(*state,
	                         "web:\n"
	                         "  listen_address: '[::1]:9'\n"
	                         "  scrape_timeout: 1m\n"
	                         "  allow_insecure: Yes\n"
	                         "external_labels: {z: 1, a: 'true', m: \"x y\"}\n"
	                         "exporters:\n"
	                         "  host:\n"
	                         "    collectors: {disable: [], enable: [arp]}\n"
	                         "    filesystem: {mount_points_exclude: '^/(a)($|/)'}\n"
	                         "    textfile: {directory: /x, max_age: 1w2d3h4m5s6ms}\n"
	                         "  postgres:\n"
	                         "    - {name: a, host: h, port: 1, sslmode: require, password: 0123}\n"
	                         "    - name: b\n"
	                         "      host: i\n"
	                         "      pools: [{name: p}, {name: q, max: 3}]\n"
	                         "logs: {loki: {max_bytes: 64KiB, factor: 1e-3}}\n");
	const struct sample_server *servers = s->exporters.postgres.items;
	const struct sample_pool *pools = servers[1].pools.items;

	assert_string_equal(s->web.listen_address, "[::1]:9");
	assert_int_equal(s->web.scrape_timeout, 60000000000);
	assert_true(s->web.allow_insecure);
	assert_int_equal(s->external_labels.n, 3);
	assert_string_equal(s->external_labels.items[0].key, "z");
	assert_string_equal(s->external_labels.items[1].value, "true");
	assert_string_equal(s->external_labels.items[2].key, "m");
	assert_int_equal(s->exporters.host.collectors.disable.n, 0);
	assert_string_equal(s->exporters.host.collectors.enable.items[0], "arp");
	assert_true(regex_match(s->exporters.host.filesystem.mount_points_exclude, "/a/b", 4));
	assert_false(regex_match(s->exporters.host.filesystem.mount_points_exclude, "/proc", 5));
	assert_int_equal(s->exporters.host.textfile.max_age,
	                 ((((7 + 2) * INT64_C(24) + 3) * 60 + 4) * 60 + 5) * 1000000000 + 6000000);
	assert_int_equal(s->exporters.postgres.n, 2);
	assert_int_equal(servers[0].port, 1);
	assert_int_equal(servers[0].sslmode, SAMPLE_REQUIRE);
	assert_string_equal(servers[0].password, "0123");
	assert_string_equal(servers[0].user, "vedette");
	assert_int_equal(servers[1].port, 5432);
	assert_int_equal(servers[1].pools.n, 2);
	assert_int_equal(pools[0].max, 10);
	assert_int_equal(pools[1].max, 3);
	assert_int_equal(s->logs.loki.max_bytes, 65536);
	assert_true(s->logs.loki.factor == 1e-3);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {{"512", 512},
	            {"512B", 512},
	            {"0", 0},
	            {"1kB", 1000},
	            {"1KB", 1000},
	            {"1KiB", 1024},
	            {"10MB", 10000000},
	            {"1MiB", 1048576},
	            {"2GB", 2000000000},
	            {"2GiB", UINT64_C(2) << 30},
	            {"1TB", UINT64_C(1000000000000)},
	            {"1TiB", UINT64_C(1) << 40}};
	static const char *const bad[] = {
		"1M", "1mb", "1 MB", "-1", "1.5MiB", "MiB", "''", "9999999TiB", "99999999999999999999"};
	char text[128];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "logs: {loki: {max_bytes: %s}}", rows[i].text);
		assert_int_equal(bound(*state, text)->logs.loki.max_bytes, rows[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(text, sizeof(text), "logs: {loki: {max_bytes: %s}}", bad[i]);
		assert_fault(*state, text, "f.yml:1:26: logs.loki.max_bytes: ");
	}
}

static void test_limits_and_kinds(void **state)
{
	assert_faults(*state, "exporters: {postgres: [{host: a, port: 0}]}",
	              "f.yml:1:40: exporters.postgres.port: \"0\": out of range; write 1 to 65535\n");
	assert_faults(*state, "exporters: {postgres: [{host: a, port: 65536}]}",
	              "f.yml:1:40: exporters.postgres.port: \"65536\": out of range; write 1 to 65535\n");
	assert_faults(
		*state, "exporters: {postgres: [{host: a, port: 5s}]}",
		"f.yml:1:40: exporters.postgres.port: \"5s\": not a whole number; write digits only, such as 10\n");
	assert_faults(*state, "web: {scrape_timeout: 50ms}",
	              "f.yml:1:23: web.scrape_timeout: \"50ms\": out of range; write 100ms to 1m\n");
	assert_faults(*state, "web: {scrape_timeout: 1m1ms}",
	              "f.yml:1:23: web.scrape_timeout: \"1m1ms\": out of range; write 100ms to 1m\n");
	assert_faults(
		*state, "exporters: {postgres: [{host: a, sslmode: maybe}]}",
		"f.yml:1:43: exporters.postgres.sslmode: \"maybe\": no such choice; write one of: prefer, require\n");
	assert_faults(*state, "logs: {loki: {factor: much}}",
	              "f.yml:1:23: logs.loki.factor: \"much\": not a number; write one such as 0.5\n");
	assert_fault(*state, "logs: {loki: {factor: .nan}}", "not a number");
	assert_fault(*state, "logs: {loki: {factor: NaN}}", "not a number");
	assert_fault(*state, "logs: {loki: {factor: -inf}}", "not a number");
	assert_fault(*state, "logs: {loki: {factor: 1e999}}", "not a number");
	assert_faults(*state, "exporters: {postgres: {host: a}}",
	              "f.yml:1:23: exporters.postgres: expected a list of sections, found a section; write postgres: "
	              "[{key: value}]\n");
	assert_faults(
		*state, "exporters: {postgres: [a]}",
		"f.yml:1:24: exporters.postgres: expected a section as item, found a single value; write - {name: "
		"'text'}\n");
}

static void test_each_fault_is_told_once(void **state)
{
	assert_faults(*state, "web: {}\nweb: 5\n",
	              "f.yml:2:1: a key given twice (before in line 1); keep one of them\n");
	assert_faults(
		*state, "web: &a 5\n",
		"f.yml:1:6: anchors (&) are not used here; write the value out, or quote a text that begins with &\n");
	assert_faults(
		*state, "web: *a\n",
		"f.yml:1:6: aliases (*) are not used here; write the value out, or quote a text that begins with *\n");
}

static void test_required(void **state)
{
	assert_faults(*state, "exporters:\n  postgres:\n    - name: a\n",
	              "f.yml:3:7: exporters.postgres.a.host: missing, but needed; write host: 'text'\n");
	assert_faults(*state, "exporters:\n  postgres:\n    - {host: }\n",
	              "f.yml:3:7: exporters.postgres.host: missing, but needed; write host: 'text'\n");
}

static void test_names_in_lists(void **state)
{
	assert_int_equal(bound(*state, "exporters: {postgres: [{host: a}, {host: b, name: b}]}")->exporters.postgres.n,
	                 2);
	assert_faults(*state,
	              "exporters:\n  postgres:\n    - {host: a, name: x}\n    - {host: b, name: y}\n    - {host: c, "
	              "name: x}\n",
	              "f.yml:5:7: exporters.postgres: item 3 has the same name as item 1; give it another name\n");
	assert_faults(*state, "exporters:\n  postgres:\n    - {host: a}\n    - {host: b}\n",
	              "f.yml:4:7: exporters.postgres: items 1 and 2 have no name; give one to each but one at most\n");
}

static void test_all_faults_at_once(void **state)
{
	struct fixture *x = *state;
	struct buf CLEANUP_BUF many = {0};

	assert_faults(
		x,
		"wbe: {}\nweb: {scrape_timeout: 5}\nexporters:\n  postgres:\n    - {prot: 1}\n    - hello\nquux: ~\n",
		"f.yml:1:1: no such key: wbe; write web\n"
		"f.yml:2:23: web.scrape_timeout: \"5\": a duration needs a unit; write 5s (or 500ms, 1m, 1h30m, 2d, "
		"1w)\n"
		"f.yml:5:8: exporters.postgres: no such key: prot; write port\n"
		"f.yml:5:7: exporters.postgres.host: missing, but needed; write host: 'text'\n"
		"f.yml:6:7: exporters.postgres: expected a section as item, found a single value; write - {name: "
		"'text'}\n"
		"f.yml:7:1: no such key: quux; known here: web, external_labels, exporters, logs\n");
	for (int i = 0; i < 500; i++)
		buf_printf(&many, "key%d: 1\n", i);
	assert_fault(x, many.data, "f.yml:100:1: ");
	assert_null(strstr(x->faults.text.data, "f.yml:101:1: "));
	assert_non_null(strstr(x->faults.text.data, "f.yml: there is more; mend what is above first\n"));
}

static void test_files(void **state)
{
	struct fixture *x = *state;
	struct faults *faults = &x->faults;

	assert_int_equal(bind_file(&x->arena, "/dev/null", sample_fields, &x->s, faults), 0);
	check_defaults(&x->s);
	assert_int_equal(bind_file(&x->arena, "/nonexistent/f.yml", sample_fields, &x->s, faults), -1);
	assert_int_equal(bind_file(&x->arena, "/tmp", sample_fields, &x->s, faults), -1);
	assert_int_equal(bind_file(&x->arena, "/dev/zero", sample_fields, &x->s, faults), -1);
	assert_string_equal(
		faults->text.data,
		"/nonexistent/f.yml: No such file or directory; check the path, and that the user that vedette runs as "
		"may read it\n"
		"/tmp: a directory, not a file; give the path of the configuration file itself\n"
		"/dev/zero: larger than 1048576 bytes; let the user that vedette runs as read it\n");
}

/* Whether a fault of that line says that. */
static bool told(const char *faults, const char *place, const char *fragment)
{
	for (const char *at = faults; (at = strstr(at, place)); at++)
		if (memmem(at, strcspn(at, "\n"), fragment, strlen(fragment)))
			return true;
	return false;
}

/* "# expect LINE: FRAGMENT" at the top of each file says what must be told about it. */
static void check_bad(struct fixture *x, const char *path)
{
	struct arena CLEANUP(arena_fini) a = {0};
	char first[512], place[PATH_MAX + 32];
	FILE CLEANUP_FILE *f = fopen(path, "re");
	size_t expected = 0;

	faults_fini(&x->faults);
	faults_init(&x->faults);
	if (bind_file(&a, path, sample_fields, &x->s, &x->faults) == 0)
		fail_msg("%s is accepted", path);
	assert_null(strstr(x->faults.text.data, "hunter2"));
	for (; fgets(first, sizeof(first), f) && !strncmp(first, "# expect ", 9); expected++) {
		const char *fragment = strstr(first, ": ") + 2;
		unsigned long line = strtoul(first + 9, NULL, 10);

		first[strcspn(first, "\n")] = '\0';
		snprintf(place, sizeof(place), "%s:%lu:", path, line);
		if (!told(x->faults.text.data, place, fragment))
			fail_msg("%s: no \"%s\" in line %lu:\n%s", path, fragment, line, x->faults.text.data);
	}
	assert_true(expected);
}

static void test_bad_files(void **state)
{
	DIR CLEANUP_DIR *dir = opendir(TEST_DIR "/config/bad");
	struct dirent *d;
	char path[PATH_MAX];
	int n = 0;

	assert_non_null(dir);
	while ((d = readdir(dir))) {
		if (!strstr(d->d_name, ".yml"))
			continue;
		snprintf(path, sizeof(path), "%s/config/bad/%s", TEST_DIR, d->d_name);
		check_bad(*state, path);
		n++;
	}
	assert_true(n >= 60);
}

static void test_huge_texts(void **state)
{
	struct fixture *x = *state;
	struct buf CLEANUP_BUF b = {0};

	memset(buf_room(&b, 2 << 20), ' ', 2 << 20);
	b.len = 2 << 20;
	assert_int_equal(bind_text(&x->arena, "f.yml", b.data, b.len, sample_fields, &x->s, &x->faults), -1);
	buf_reset(&b);
	for (int i = 0; i < 100000; i++)
		buf_putc(&b, '[');
	assert_fault(x, b.data, "nested too deep; no setting is deeper than 32 levels");
	buf_reset(&b);
	buf_puts(&b, "external_labels: [");
	for (int i = 0; i < 300000; i++)
		buf_puts(&b, "a,");
	assert_fault(x, b.data, "too many values");
	buf_reset(&b);
	buf_puts(&b, "external_labels:\n");
	for (int i = 0; i < 30000; i++)
		buf_printf(&b, "  a%d: x\n", i);
	assert_int_equal(bound(x, b.data)->external_labels.n, 30000);
	buf_reset(&b);
	buf_puts(&b, "exporters: {postgres: [");
	for (int i = 0; i < 1001; i++)
		buf_puts(&b, "{},");
	buf_puts(&b, "]}");
	assert_fault(x, b.data, "1001 items; write at most 1000");
}

/* Wherever it is cut: bound, or refused at a place in it. */
static void test_example_cut_anywhere(void **state)
{
	struct fixture *x = *state;
	struct err err;
	char *text;
	size_t len;

	assert_int_equal(file_read(&x->arena, TEST_DIR "/config/example.yml", CONFIG_MAX_BYTES, &text, &len, &err), 0);
	for (size_t end = 0; end <= len; end++) {
		struct arena CLEANUP(arena_fini) a = {0};
		struct faults CLEANUP(faults_fini) faults = {0};
		int result = bind_text(&a, "f.yml", text, end, sample_fields, &x->s, &faults);

		assert_int_equal(result, faults.n ? -1 : 0);
		if (result < 0)
			assert_int_equal(strncmp(faults.text.data, "f.yml:", 6), 0);
	}
}

static void *match_often(void *re)
{
	size_t matches = 0;

	for (int i = 0; i < 20000; i++)
		matches += regex_match(re, i % 2 ? "/proc/x" : "/home/x", 7);
	return (void *)matches;
}

static void test_threads_share_a_pattern(void **state)
{
	struct sample *s = bound(*state, "");
	pthread_t threads[4];
	void *matches;

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, match_often,
		                                (void *)s->exporters.host.filesystem.mount_points_exclude),
		                 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i], &matches);
		assert_int_equal((uintptr_t)matches, 10000);
	}
}

static void test_patterns(void **state)
{
	struct sample *s = bound(*state, "exporters: {host: {filesystem: {mount_points_exclude: '^(a+)+$'}}}");
	const struct regex *re = s->exporters.host.filesystem.mount_points_exclude;

	assert_true(regex_match(re, "aaa", 3));
	assert_false(regex_match(re, "aaa\n", 4));
	assert_false(regex_match(re, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
	                         64)); /* for years */
	assert_false(regex_match(re, "a\xff", 2));
	assert_false(regex_match(re, "", 0));
	assert_false(regex_match(NULL, "a", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_empty_texts_are_all_defaults),
		TEST(test_values),
		TEST(test_sizes),
		TEST(test_limits_and_kinds),
		TEST(test_each_fault_is_told_once),
		TEST(test_required),
		TEST(test_names_in_lists),
		TEST(test_all_faults_at_once),
		TEST(test_files),
		TEST(test_bad_files),
		TEST(test_huge_texts),
		TEST(test_example_cut_anywhere),
		TEST(test_threads_share_a_pattern),
		TEST(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
