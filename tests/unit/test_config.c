#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "config_sample.h"

struct fixture {
	struct arena arena;
	struct faults faults;
	struct sample s;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	faults_init(&x->faults);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	faults_fini(&x->faults);
	arena_fini(&x->arena);
	free(x);
	return 0;
}

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

static int bind(struct fixture *x, const char *text)
{
	faults_fini(&x->faults);
	faults_init(&x->faults);
	return bind_text(&x->arena, "f.yml", text, strlen(text), sample_fields, &x->s, &x->faults);
}

static struct sample *bound(struct fixture *x, const char *text)
{
	if (bind(x, text) < 0)
		fail_msg("%s: %s", text, x->faults.text.data);
	return &x->s;
}

/* Exactly these faults, one line each. */
static void assert_faults(struct fixture *x, const char *text, const char *expected)
{
	assert_int_equal(bind(x, text), -1);
	if (strcmp(x->faults.text.data, expected) != 0)
		fail_msg("%s gives\n%s", text, x->faults.text.data);
}

static void assert_fault(struct fixture *x, const char *text, const char *fragment)
{
	assert_int_equal(bind(x, text), -1);
	if (!strstr(x->faults.text.data, fragment))
		fail_msg("%s: no \"%s\" in\n%s", text, fragment, x->faults.text.data);
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

static void test_variables(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"${V}", "a#b: \"c\" $d ${V} $$\n"},
		{"'${V}'", "a#b: \"c\" $d ${V} $$\n"},
		{"\"x${V}x\"", "xa#b: \"c\" $d ${V} $$\nx"},
		{"${V_NONE:-a b}", "a b"},
		{"${V_NONE:-}", ""},
		{"${V_EMPTY}", ""},
		{"${V_EMPTY:-full}", "full"},
		{"'$$'", "$"},
		{"'$${V}'", "${V}"},
		{"'$$$$'", "$$"},
		{"'^(a)($|/)$'", "^(a)($|/)$"},
		{"'$1 ${1} ${} $V $'", "$1 ${1} ${} $V $"},
		{"'${V_X}${V_X}'", "xx"},
	};
	char text[128];

	setenv("V", "a#b: \"c\" $d ${V} $$\n", 1);
	setenv("V_EMPTY", "", 1);
	setenv("V_X", "x", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "external_labels: {a: %s}", rows[i].text);
		if (strchr(rows[i].text, '{') == rows[i].text + 1)
			snprintf(text, sizeof(text), "external_labels:\n  a: %s\n", rows[i].text);
		assert_string_equal(bound(*state, text)->external_labels.items[0].value, rows[i].value);
	}
	assert_faults(*state, "web:\n  listen_address: x${V_NONE}\n",
	              "f.yml:2:19: web.listen_address: the variable V_NONE is not set; set it or give a default: "
	              "${V_NONE:-default}\n");
	assert_fault(*state, "web:\n  listen_address: ${V\n", "${V is not closed; write ${V}, or $$ for a dollar");
	assert_fault(*state, "web:\n  listen_address: ${V-x}\n", "something other than :- behind its name");
	setenv("V", "hunter2", 1);
	assert_faults(*state, "web:\n  scrape_timeout: ${V}\n",
	              "f.yml:2:19: web.scrape_timeout: not a duration; write 5s (or 500ms, 1m, 1h30m, 2d, 1w)\n");
}

static void test_variables_are_bounded(void **state)
{
	struct buf CLEANUP_BUF b = {0};
	char value[100001];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	setenv("V", value, 1);
	buf_puts(&b, "external_labels:\n");
	for (int i = 0; i < 200; i++)
		buf_printf(&b, "  k%d: ${V}\n", i);
	assert_fault(*state, b.data, "more than 16 MiB of variables so far; shorten them");
	buf_reset(&b);
	buf_puts(&b, "external_labels:\n  a: ");
	for (int i = 0; i < 20; i++)
		buf_puts(&b, "${V}");
	assert_fault(*state, b.data, "longer than 1 MiB once its variables are in");
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE CLEANUP_FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
}

static const char *password_of(struct fixture *x, const char *text)
{
	return bound(x, text)->logs.loki.basic_auth.password;
}

/* A name leads to no file in another directory. */
static void credential_of_names(struct fixture *x, const char *directory)
{
	char app[128], other[128], of_other[160];
	const struct sample_server *servers;

	snprintf(app, sizeof(app), "%s/exporters.postgres.app.password", directory);
	snprintf(other, sizeof(other), "%s/exporters.postgres.x", directory);
	snprintf(of_other, sizeof(of_other), "%s/y.password", other);
	write_file(app, "of app", 6);
	assert_int_equal(mkdir(other, 0700), 0);
	write_file(of_other, "of y", 4);
	bound(x, "exporters: {postgres: [{host: a, name: app}, {host: a, name: x/y}]}");
	servers = x->s.exporters.postgres.items;
	assert_string_equal(servers[0].password, "of app");
	assert_null(servers[1].password);
	unlink(app);
	unlink(of_other);
	rmdir(other);
}

static void test_secrets(void **state)
{
	struct fixture *x = *state;
	char directory[] = "/tmp/vedette-test-XXXXXX", path[64], text[256], relative[96];

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/secret", directory);
	snprintf(text, sizeof(text), "logs: {loki: {basic_auth: {password_file: %s}}}", path);
	assert_string_equal(password_of(x, "logs: {loki: {basic_auth: {password: '#x y'}}}"), "#x y");
	assert_fault(x, text, "/secret: No such file or directory; create the file, and let the user");
	write_file(path, "hunter2\r\n\n", 10);
	assert_string_equal(password_of(x, text), "hunter2");
	write_file(path, " a b", 4);
	assert_string_equal(password_of(x, text), " a b");
	write_file(path, "\n", 1);
	assert_fault(x, text, "/secret: empty; write the secret into it");
	write_file(path, "a\0b", 3);
	assert_fault(x, text, "/secret: no UTF-8 text; write the secret alone into it");

	write_file(path, "beside", 6);
	snprintf(relative, sizeof(relative), "%s/f.yml", directory);
	write_file(relative, "logs: {loki: {basic_auth: {password_file: secret}}}", 51);
	assert_int_equal(bind_file(&x->arena, relative, sample_fields, &x->s, &x->faults), 0);
	assert_string_equal(x->s.logs.loki.basic_auth.password, "beside");
	unlink(relative);

	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	assert_null(password_of(x, ""));
	snprintf(relative, sizeof(relative), "%s/logs.loki.basic_auth.password", directory);
	write_file(relative, "credential\n", 11);
	assert_string_equal(password_of(x, ""), "credential");
	assert_string_equal(password_of(x, "logs: {loki: {basic_auth: {password: mine}}}"), "mine");
	write_file(relative, "", 0);
	assert_fault(x, "", "f.yml: logs.loki.basic_auth.password: ");
	unlink(relative);
	credential_of_names(x, directory);
	unlink(path);
	rmdir(directory);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void test_secret_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"password: }", "empty; write the secret (in a .env file in single quotes), or password_file: PATH"},
		{"password: ''}", "empty; write the secret"},
		{"password: \"${V_EMPTY}\"}", "empty; write the secret"},
		{"password: [hunter2]}", "password: expected a secret, found a list; write password: 'text'"},
		{"password: {a: hunter2}}", "password: expected a secret, found a section; write password: 'text'"},
		{"password: \"hunter2\\0\"}", "password: holds a NUL character; remove it"},
		{"password: 'a${hunter2}'}", "password: holds ${ with no variable that is set; write $$ for a dollar"},
		{"password: '${NO_SUCH}'}", "the variable NO_SUCH is not set"},
		{"password: hunter2, password_file: x}", "password and password_file are both given; keep one of them"},
		{"password_file: }", "expected the path of a file; write password_file: /run/secrets/NAME"},
		{"password_file: ''}", "no path of a file; write password_file"},
		{"password_file: [a]}", "expected the path of a file"},
		{"password_file: /}", "/: not a regular file; create the file"},
		{"password_file: /dev/zero}", "/dev/zero: larger than 65536 bytes; create the file"},
		{"pasword: hunter2}", "no such key: pasword; write password"},
		{"pasword_file: hunter2}", "no such key: pasword_file; write password_file"},
		{"password:hunter2}", "no such key: password…; write a space behind the : of password"},
		{"password: a,hunter2}", "a key without a value; put a text that holds a comma"},
		{"password: *hunter2}", "quote a text that begins with *"},
		{"password: &hunter2 x}", "quote a text that begins with &"},
		{"password: !hunter2 x}", "quote a text that begins with !"},
		{"password: \"hunter2}", "a quote opens here"},
		{"password: hunter2, ", "close it with } (it opens in line 1)"},
	};
	struct fixture *x = *state;
	char text[128];

	setenv("V_EMPTY", "", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "logs: {loki: {basic_auth: {%s}}", rows[i].text);
		assert_fault(x, text, rows[i].fault);
		assert_null(strstr(x->faults.text.data, "hunter2"));
	}
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(test_variables),
		TEST(test_variables_are_bounded),
		TEST(test_secrets),
		TEST(test_secret_faults),
		TEST(test_files),
		TEST(test_bad_files),
		TEST(test_huge_texts),
		TEST(test_example_cut_anywhere),
		TEST(test_threads_share_a_pattern),
		TEST(test_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
