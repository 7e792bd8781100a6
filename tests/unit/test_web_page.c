/* The status page, from states that a test can only invent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "web/page.c"

static const struct lane_status up = {
	.exporter = "host", .ever = true, .up = true, .duration = 0.0012, .age = 3, .samples = 812};

static char *page(const struct lane_status *rows, size_t n, double scraped_ago, const char *reload_error)
{
	static struct buf b;
	static struct web web = {.hostname = "vm<1>"};
	struct view v = {
		.web = &web,
		.rows = rows,
		.n = n,
		.scraped_ago = scraped_ago,
		.uptime = 3 * 86400,
		.reload = {.successful = !reload_error, .error = reload_error},
	};

	buf_fini(&b);
	put_page(&b, &v);
	return b.data;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in %s", part, strstr(text, "<body>"));
}

static void test_all_well(void **state)
{
	char *text = page(&up, 1, 3, NULL);

	(void)state;
	has(text, "All is well");
	has(text, "vm&lt;1&gt;");
	has(text, "running for 3 days");
	has(text, "<td class=\"num\">1.20 ms</td>");
	assert_null(strstr(text, "class=\"bad\""));
	assert_null(strstr(text, "vm<1>"));
	assert_null(strstr(text, "<script"));
}

static void test_wrong_things_come_first(void **state)
{
	const struct lane_status rows[] = {
		up,
		{.exporter = "postgres",
	         .target = "app<b>",
	         .ever = true,
	         .age = 30,
	         .timeouts = 4,
	         .error = "connect: \"refused\" & gone"},
		{.exporter = "host", .lane = "filesystem", .ever = true, .late = true, .age = 300},
		{.exporter = "minio", .late = true},
		{.exporter = "http", .ever = true, .up = true, .error = "body: not found."},
	};
	char *text = page(rows, ARRAY_LEN(rows), 3, "vedette.yml:3:1: bad <key>");

	(void)state;
	has(text, "postgres app&lt;b&gt; is down.");
	has(text, "connect: &quot;refused&quot; &amp; gone. Seen 30 s ago; 4 time-outs since the start.");
	has(text, "host, filesystem does not answer.</strong><p>Its last answer came 5 min ago.");
	has(text, "minio does not answer.</strong><p>Its series are missing");
	has(text, "http is up, but a part of it failed.</strong><p>body: not found. Seen");
	has(text, "bad &lt;key&gt;");
	has(text, "reload refused");
	assert_null(strstr(text, "All is well"));
	assert_true(strstr(text, "is down.") < strstr(text, "id=\"targets\""));
	assert_true(strstr(text, "id=\"targets\"") < strstr(text, "id=\"agent\""));
}

static void test_nobody_scrapes(void **state)
{
	struct lane_status fresh = {.exporter = "host"};

	(void)state;
	has(page(&fresh, 1, -1, NULL), "Nobody has scraped yet.");
	has(page(&fresh, 1, -1, NULL), "not asked yet");
	has(page(&up, 1, 3 * 3600, NULL), "Nobody has scraped for 3 h.");
}

static void test_size(void **state)
{
	struct lane_status rows[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i] = up;
	assert_true(strlen(page(rows, ARRAY_LEN(rows), 1, NULL)) < 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_well),
		cmocka_unit_test(test_wrong_things_come_first),
		cmocka_unit_test(test_nobody_scrapes),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
