/* Listen addresses and sockets, and /sd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "web/listen.h"
#include "web/sd.h"

static void good(const char *text, const char *host, const char *port)
{
	struct listen_address a;
	struct err err;

	if (listen_parse(text, &a, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(a.host, host);
	assert_string_equal(a.port, port);
	assert_int_equal(a.any, !*host);
}

static void bad(const char *text, const char *sentence)
{
	struct listen_address a;
	struct err err = {""};

	assert_int_equal(listen_parse(text, &a, &err), -1);
	if (!strstr(err.text, sentence))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, err.text, sentence);
}

static void test_parse(void **state)
{
	struct listen_address a;
	struct err err;
	char path[200] = "unix:/";

	(void)state;
	good("127.0.0.1:19100", "127.0.0.1", "19100");
	good("[::1]:9", "::1", "9");
	good(":0", "", "0");
	good("localhost:65535", "localhost", "65535");
	assert_int_equal(listen_parse("unix:/run/v.sock", &a, &err), 0);
	assert_string_equal(a.path, "/run/v.sock");
	bad("", "no port");
	bad("localhost", "no port");
	bad("127.0.0.1:", "number from 0 to 65535");
	bad("127.0.0.1:65536", "number from 0 to 65535");
	bad("127.0.0.1:http", "number from 0 to 65535");
	bad("127.0.0.1:-1", "number from 0 to 65535");
	bad("::1:9", "brackets: [::1]:9");
	bad("[]:9", "empty brackets");
	bad("unix:", "absolute path");
	bad("unix:run/v.sock", "absolute path");
	memset(path + 6, 'a', sizeof(path) - 7);
	bad(path, "longer than 107");
}

static void test_tcp(void **state)
{
	struct listener a, b;
	struct err err;
	char text[64];

	(void)state;
	assert_int_equal(listen_open("127.0.0.1:0", &a, &err), 0);
	assert_int_equal(listen_start(&a, &err), 0);
	assert_true(a.local);
	assert_int_not_equal(a.port, 0);
	snprintf(text, sizeof(text), "127.0.0.1:%u", a.port);
	assert_string_equal(a.text, text);
	assert_int_equal(listen_open(text, &b, &err), -1);
	assert_non_null(strstr(err.text, "another program"));
	listen_close(&a);
	assert_int_equal(a.fd, -1);
	assert_int_equal(listen_open("192.0.2.1:0", &b, &err), -1);
	assert_non_null(strstr(err.text, "no such address"));
	assert_int_equal(listen_open("localhost:0", &a, &err), 0);
	assert_true(a.local);
	listen_close(&a);
	assert_int_equal(listen_open(":0", &a, &err), 0);
	assert_false(a.local);
	listen_close(&a);
}

static void make_path(char *path, size_t size)
{
	char dir[] = "/tmp/vedette-test-XXXXXX";

	assert_non_null(mkdtemp(dir));
	snprintf(path, size, "%s/s", dir);
}

static void remove_path(const char *path)
{
	char dir[128];

	unlink(path);
	snprintf(dir, sizeof(dir), "%.*s", (int)(strlen(path) - 2), path);
	assert_int_equal(rmdir(dir), 0);
}

static void test_unix(void **state)
{
	char path[64], text[80];
	struct listener a, b;
	struct stat st;
	struct err err;

	(void)state;
	make_path(path, sizeof(path));
	snprintf(text, sizeof(text), "unix:%s", path);
	assert_int_equal(listen_open(text, &a, &err), 0);
	assert_int_equal(listen_start(&a, &err), 0);
	assert_true(a.local);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_int_equal(listen_open(text, &b, &err), -1); /* alive */
	assert_non_null(strstr(err.text, "another program"));
	unlink(path);
	assert_int_equal(listen_open(text, &b, &err), 0);
	listen_close(&a); /* not its own file any more */
	assert_int_equal(lstat(path, &st), 0);
	close(b.fd); /* as if killed: the file stays */
	assert_int_equal(listen_open(text, &a, &err), 0);
	listen_close(&a);
	assert_int_equal(lstat(path, &st), -1);
	remove_path(path);
}

static void test_unix_in_the_way(void **state)
{
	char path[64], text[80];
	struct listener a;
	struct err err;
	int fd;

	(void)state;
	make_path(path, sizeof(path));
	snprintf(text, sizeof(text), "unix:%s", path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(listen_open(text, &a, &err), -1);
	assert_non_null(strstr(err.text, "no socket"));
	snprintf(text, sizeof(text), "unix:%s/deeper", path);
	assert_int_equal(listen_open(text, &a, &err), -1);
	remove_path(path);
}

static const struct exporter host = {.name = "host", .job = "node"};
static const struct exporter postgres = {.name = "postgres", .job = "postgresql", .many_targets = true};
static const struct exporter probes = {.name = "http", .job = "probe", .many_targets = true};

static char *sd(struct arena *a, const struct sd_request *request)
{
	struct buf CLEANUP_BUF out = {0};

	sd_write(&out, a, request);
	return arena_strdup(a, out.data);
}

static void test_sd(void **state)
{
	const struct target targets[] = {{&host, NULL},    {&postgres, NULL}, {&postgres, "app"},
	                                 {&probes, "app"}, {&probes, "edge"}, {&probes, "vedette"}};
	struct sd_request request = {.hostname = "vm",
	                             .host_header = "10.0.0.1:19100",
	                             .listen_address = "127.0.0.1:19100",
	                             .targets = targets,
	                             .n_targets = ARRAY_LEN(targets)};
	struct arena a = {0};

	(void)state;
#define ENTRY(job, instance, path)                                                                                     \
	"{\"targets\":[\"10.0.0.1:19100\"],\"labels\":{\"job\":\"" job "\",\"instance\":\"" instance                   \
	"\",\"__scheme__\":\"http\",\"__metrics_path__\":\"" path "\"}}"
	assert_string_equal(sd(&a, &request),
			    "[\n" ENTRY("node", "vm", "/metrics/host") ",\n"
			    ENTRY("postgresql", "vm/postgres", "/metrics/postgres") ",\n"
			    ENTRY("postgresql", "vm/postgres/app", "/metrics/postgres/app") ",\n"
			    ENTRY("probe", "vm/http/app", "/metrics/http/app") ",\n"
			    ENTRY("probe", "vm/edge", "/metrics/http/edge") ",\n"
			    ENTRY("probe", "vm/http/vedette", "/metrics/http/vedette") ",\n"
			    ENTRY("vedette", "vm/vedette", "/metrics/agent") "\n]\n");
	arena_fini(&a);
}

static void address(const char *header, bool tls, const char *expected)
{
	struct sd_request request = {
		.hostname = "vm", .host_header = header, .listen_address = "127.0.0.1:19100", .tls = tls};
	struct arena a = {0};
	const char *text = arena_printf(&a, "\"targets\":[\"%s\"]", expected);

	if (!strstr(sd(&a, &request), text))
		fail_msg("Host %s: no %s", header ? header : "(none)", text);
	arena_fini(&a);
}

static void test_sd_address(void **state)
{
	(void)state;
	address("docs.example.com", false, "docs.example.com:80");
	address("docs.example.com", true, "docs.example.com:443");
	address("[::1]:19100", false, "[::1]:19100");
	address("[::1]", false, "[::1]:80");
	address(NULL, false, "127.0.0.1:19100");
	address("", false, "127.0.0.1:19100");
	address("a b", false, "127.0.0.1:19100");
	address("evil\"}],x", false, "127.0.0.1:19100");
	address("host:0", false, "127.0.0.1:19100");
	address("host:99999", false, "127.0.0.1:19100");
	address(":80", false, "127.0.0.1:19100");
}

static void test_external_url(void **state)
{
	struct sd_request request = {.hostname = "vm", .host_header = "inner:1", .listen_address = "x"};
	struct arena a = {0};
	struct err err;
	const char *text;

	(void)state;
	assert_int_equal(origin_parse(&a, "https://docs.example.com/watch//", &request.external, &err), 0);
	text = sd(&a, &request);
	assert_non_null(strstr(text, "\"docs.example.com:443\""));
	assert_non_null(strstr(text, "\"__scheme__\":\"https\",\"__metrics_path__\":\"/watch/metrics/agent\""));
	assert_null(strstr(text, "inner"));
	assert_int_equal(origin_parse(&a, "http://h:1", &request.external, &err), 0);
	assert_string_equal(request.external.host, "h:1");
	assert_string_equal(request.external.prefix, "");
	assert_int_equal(origin_parse(&a, "docs.example.com", &request.external, &err), -1);
	assert_int_equal(origin_parse(&a, "ftp://docs.example.com", &request.external, &err), -1);
	assert_int_equal(origin_parse(&a, "http:///x", &request.external, &err), -1);
	assert_int_equal(origin_parse(&a, "http://user@h/", &request.external, &err), -1);
	assert_int_equal(origin_parse(&a, "http://h/a?b", &request.external, &err), -1);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),           cmocka_unit_test(test_tcp), cmocka_unit_test(test_unix),
		cmocka_unit_test(test_unix_in_the_way), cmocka_unit_test(test_sd),  cmocka_unit_test(test_sd_address),
		cmocka_unit_test(test_external_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
