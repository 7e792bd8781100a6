#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/print.h"
#include "config_sample.h"

static void bind(struct arena *a, const char *text, struct sample *out)
{
	struct faults CLEANUP(faults_fini) faults = {0};

	if (bind_text(a, "f.yml", text, strlen(text), sample_fields, out, &faults) < 0)
		fail_msg("%s: %s", text, faults.text.data);
}

static void assert_printed(const char *text, const char *expected)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF out = {0};
	struct sample s;

	bind(&a, text, &s);
	config_print(sample_fields, &s, &out);
	if (strcmp(out.data, expected) != 0)
		fail_msg("printed:\n%s", out.data);
}

static void test_defaults(void **state)
{
	(void)state;
	assert_printed("",
	               "web:\n"
	               "  listen_address: 127.0.0.1:19100\n"
	               "  scrape_timeout: 5s\n"
	               "  allow_insecure: false\n"
	               "external_labels: {}\n"
	               "exporters:\n"
	               "  host:\n"
	               "    collectors:\n"
	               "      disable: [thermal_zone, edac]\n"
	               "      enable: []\n"
	               "    filesystem:\n"
	               "      mount_points_exclude: '^/(dev|proc|sys)($|/)'\n"
	               "    textfile:\n"
	               "      max_age: 2d\n"
	               "  postgres: []\n"
	               "logs:\n"
	               "  loki:\n"
	               "    basic_auth: {}\n"
	               "    max_bytes: 1MiB\n"
	               "    factor: 1.5\n");
}

static const char rich[] =
	"external_labels: {a: 'it''s', 'b $$${c}': \"x\\ty\\n\\u0085\\u2028\\\\\", c: '', d: '#x', e: 'null', f: 'a: "
	"b',\n"
	"  g: '$$$$ $${HOME} ^(x)$', h: \"\xc3\xa4\xf0\x9f\x98\x80\", i: -x, j: 'x:', k: '${NO:-y}', l: '{'}\n"
	"web: {scrape_timeout: 1s5ms}\n"
	"exporters:\n"
	"  host: {collectors: {disable: []}}\n"
	"  postgres:\n"
	"    - {host: h, sslmode: require, password: hunter2, pools: [{name: p}, {max: 5}]}\n"
	"    - {name: b, host: i}\n"
	"logs: {loki: {max_bytes: 3kB, factor: 1e-300}}\n";

static void test_what_is_printed_binds_to_the_same(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF once = {0}, twice = {0};
	struct sample s, again;

	(void)state;
	bind(&a, rich, &s);
	config_print(sample_fields, &s, &once);
	bind(&a, once.data, &again);
	config_print(sample_fields, &again, &twice);
	assert_string_equal(once.data, twice.data);
	assert_int_equal(again.external_labels.n, s.external_labels.n);
	for (size_t i = 0; i < s.external_labels.n; i++) {
		assert_string_equal(again.external_labels.items[i].key, s.external_labels.items[i].key);
		assert_string_equal(again.external_labels.items[i].value, s.external_labels.items[i].value);
	}
	assert_int_equal(again.exporters.postgres.n, 2);
	assert_int_equal(again.web.scrape_timeout, 1005000000);
	assert_true(again.logs.loki.factor == 1e-300);
	assert_int_equal(again.logs.loki.max_bytes, 3000);
}

static void test_secrets_are_masked(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF out = {0};
	struct sample s;

	(void)state;
	bind(&a, rich, &s);
	config_print(sample_fields, &s, &out);
	assert_null(strstr(out.data, "hunter2"));
	assert_non_null(strstr(out.data,
	                       "  postgres:\n"
	                       "    - host: h\n"
	                       "      port: 5432\n"
	                       "      user: vedette\n"
	                       "      password: <secret>\n"
	                       "      sslmode: require\n"
	                       "      pools:\n"
	                       "        - name: p\n"
	                       "          max: 10\n"
	                       "        - max: 5\n"
	                       "    - name: b\n"
	                       "      host: i\n"));
}

static void test_reference(void **state)
{
	static const char *const lines[] = {
		"- `web` (a section with keys of its own): The web server.\n",
		"- `web.listen_address` (a text, default `127.0.0.1:19100`): Where to listen.\n",
		"- `web.scrape_timeout` (a duration, from 100ms to 1m, default `5s`): How long a scrape may take.\n",
		"- `exporters.host.collectors.enable` (a list of texts of `arp`, `edac`, `loadavg`, `thermal_zone`): ",
		"- `exporters.postgres[]` (a list of sections): PostgreSQL servers.\n",
		"- `exporters.postgres[].host` (a text, required): Where it is.\n",
		"- `exporters.postgres[].port` (a whole number, from 1 to 65535, default `5432`): Its port.\n",
		"- `exporters.postgres[].password` or `exporters.postgres[].password_file` (a secret): The password.\n",
		"- `exporters.postgres[].sslmode` (one of `prefer`, `require`, default `prefer`): W",
		"- `logs.loki.max_bytes` (a size, default `1MiB`): Size of a batch.\n",
	};
	struct buf CLEANUP_BUF out = {0};

	(void)state;
	config_reference(sample_fields, &out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!strstr(out.data, lines[i]))
			fail_msg("no %sin\n%s", lines[i], out.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_what_is_printed_binds_to_the_same),
		cmocka_unit_test(test_secrets_are_masked),
		cmocka_unit_test(test_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
