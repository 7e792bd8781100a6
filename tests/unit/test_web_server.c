/* The server with targets that obey this test: late, down, gone; and who may connect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "web/internal.h"

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool gate_closed;

static const struct metric_desc metrics[] = {{"some_value", "A number."}, {0}};

static int quick(struct probe *p, struct sample_set *set, struct err *err)
{
	(void)p;
	(void)err;
	sample_add(set, &metrics[0], 7, NO_LABELS);
	return 0;
}

/* Hangs while the gate is closed, as a dead server would let it. */
static int slow(struct probe *p, struct sample_set *set, struct err *err)
{
	pthread_mutex_lock(&gate);
	while (gate_closed)
		pthread_cond_wait(&gate_moved, &gate);
	pthread_mutex_unlock(&gate);
	return quick(p, set, err);
}

static const struct collector quick_collector = {.name = "quick", .metrics = metrics, .collect = quick};
static const struct collector slow_collector = {.name = "slow", .metrics = metrics, .collect = slow};
static const struct collector aside_collector = {.name = "aside", .metrics = metrics, .collect = slow, .lane = "aside"};
static const struct enabled_collector with_aside[] = {{&quick_collector, NULL}, {&aside_collector, NULL}};
static const struct enabled_collector with_quick[] = {{&quick_collector, NULL}};
static const struct enabled_collector with_slow[] = {{&slow_collector, NULL}};
static const struct exporter one = {.name = "one", .job = "one"};
static const struct exporter both = {.name = "both", .job = "both"};
static const struct exporter many = {.name = "many", .job = "many", .many_targets = true};
static const struct target targets[] = {
	{.exporter = &one, .collectors = with_quick, .n_collectors = 1},
	{.exporter = &both, .collectors = with_aside, .n_collectors = 2},
	{.exporter = &many, .name = "good", .collectors = with_quick, .n_collectors = 1},
	{.exporter = &many, .name = "stuck", .collectors = with_slow, .n_collectors = 1},
};
static const struct roots roots = {"/proc", "/sys", ""};
static const char fault[] = "vedette.yml:7:1: no such key";

struct fixture {
	struct fleet *fleet;
	struct web *web;
	pthread_t thread;
	atomic_bool refuses, not_ready;
};

static struct fleet *hook_fleet(void *owner)
{
	struct fixture *x = owner;

	return x->not_ready ? NULL : fleet_ref(x->fleet);
}

static int hook_reload(void *owner, struct err *err)
{
	struct fixture *x = owner;

	return x->refuses ? err_set(err, "%s", fault) : 0;
}

static struct reload_state hook_state(void *owner)
{
	struct fixture *x = owner;

	return (struct reload_state){.successful = !x->refuses, .error = x->refuses ? fault : NULL};
}

static void release(void *owner)
{
	(void)owner;
}

static void *serve(void *arg)
{
	struct fixture *x = arg;
	struct err err;

	return web_run(x->web, &err) < 0 ? x : NULL;
}

static void set_gate(bool closed)
{
	pthread_mutex_lock(&gate);
	gate_closed = closed;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate);
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct web_settings settings = {.listen_address = "127.0.0.1:0", .scrape_timeout = 300 * NS_PER_MS};
	struct web_hooks hooks = {
		.owner = x, .fleet = hook_fleet, .reload = hook_reload, .reload_state = hook_state, .watch_fd = -1};
	struct err err;

	set_gate(false);
	if (fleet_new(&x->fleet, targets, ARRAY_LEN(targets), &roots, release, NULL, &err) < 0 ||
	    web_new(&x->web, &settings, &hooks, &err) < 0)
		return -1;
	pthread_create(&x->thread, NULL, serve, x);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;
	void *result;

	web_stop(x->web);
	pthread_join(x->thread, &result);
	web_free(x->web);
	set_gate(false);
	fleet_stop(x->fleet);
	if (!fleet_drain(x->fleet, clock_mono_ns() + 60 * NS_PER_S))
		return -1;
	fleet_unref(x->fleet);
	free(x);
	return result ? -1 : 0;
}

static int dial(const struct fixture *x)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(web_port(x->web))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void send_request(int fd, const char *request, const char *headers)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", request, headers);

	assert_int_equal(send(fd, text, (size_t)n, 0), n);
}

/* The whole answer; closes the connection. */
static char *receive(int fd)
{
	static struct buf b;
	ssize_t n;

	buf_reset(&b);
	do {
		char *room = buf_room(&b, 65536);

		n = recv(fd, room, 65536, 0);
		b.len += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	buf_puts(&b, "");
	close(fd);
	return b.data;
}

static char *get(const struct fixture *x, const char *request, const char *headers)
{
	int fd = dial(x);

	send_request(fd, request, headers);
	return receive(fd);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in %s", part, text);
}

static void test_up(void **state)
{
	struct fixture *x = *state;

	has(get(x, "GET /metrics", ""), "200 OK");
	has(get(x, "GET /metrics", ""), "some_value{target=\"stuck\"} 7\n");
	has(get(x, "GET /metrics/one", ""), "200 OK");
	has(get(x, "GET /metrics/many", ""), "200 OK");
	has(get(x, "GET /metrics/many/stuck", ""), "200 OK");
	has(get(x, "GET /metrics/many/nosuch", ""), "many has no target \"nosuch\"; it has: good, stuck.");
	has(get(x, "GET /metrics/one?collect[]=slow", ""), "400 Bad Request");
	has(get(x, "GET /metrics/many?collect[]=slow", ""), "200 OK");
}

static void test_late(void **state)
{
	struct fixture *x = *state;
	int64_t before = clock_mono_ns();
	char *text;

	set_gate(true);
	text = get(x, "GET /metrics", "");
	assert_true(clock_mono_ns() - before > 250 * NS_PER_MS); /* it did wait */
	assert_true(clock_mono_ns() - before < 5 * NS_PER_S);
	has(text, "200 OK");
	has(text, "some_value{target=\"good\"} 7\n");
	assert_null(strstr(text, "some_value{target=\"stuck\"}"));
	has(get(x, "GET /metrics/many/stuck", ""), "503 Service Unavailable");
	has(get(x, "GET /metrics/many/stuck", ""), "many stuck is down: it did not answer before the deadline.");
	has(get(x, "GET /metrics/many", ""), "200 OK"); /* several targets: the answer is about all of them */
	has(get(x, "GET /metrics/many/good", ""), "200 OK");
	has(get(x, "GET /metrics/both", ""), "200 OK"); /* only what runs beside it is late */
	has(get(x, "GET /metrics/both?collect[]=aside", ""), "503");
	has(get(x, "GET /", ""), "many stuck does not answer.");
	set_gate(false);
	while (!strstr(text = get(x, "GET /metrics/many/stuck", ""), "200 OK"))
		has(text, "503");
}

static void test_waiting_holds_nobody(void **state)
{
	struct fixture *x = *state;
	int waiting[20];

	set_gate(true);
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
		waiting[i] = dial(x);
		send_request(waiting[i], "GET /metrics", "X-Prometheus-Scrape-Timeout-Seconds: 60\r\n");
	}
	has(get(x, "GET /-/healthy", ""), "200 OK");
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++)
		has(receive(waiting[i]), "some_value{target=\"good\"} 7\n");
}

static void test_clients_that_leave_while_it_waits(void **state)
{
	struct fixture *x = *state;

	set_gate(true);
	for (int i = 0; i < 20; i++) {
		int fd = dial(x);

		send_request(fd, "GET /metrics", "");
		close(fd);
	}
	set_gate(false);
	has(get(x, "GET /metrics", ""), "200 OK");
}

static void test_stop_answers_who_waits(void **state)
{
	struct fixture *x = *state;
	int fd = dial(x);

	set_gate(true);
	send_request(fd, "GET /metrics/many/stuck", "");
	has(get(x, "GET /-/healthy", ""), "200 OK"); /* the one before was read by now */
	web_stop(x->web);
	pthread_join(x->thread, NULL);
	web_free(x->web);
	has(receive(fd), "The agent is stopping.");
	set_gate(false);
	fleet_stop(x->fleet);
	fleet_unref(x->fleet);
	assert_int_equal(setup(state), 0); /* for the teardown */
	free(x);
}

static void test_not_ready(void **state)
{
	struct fixture *x = *state;

	x->not_ready = true;
	has(get(x, "GET /-/ready", ""), "503");
	has(get(x, "GET /metrics", ""), "503");
	has(get(x, "GET /sd", ""), "503");
	has(get(x, "GET /", ""), "200 OK");
	has(get(x, "GET /-/healthy", ""), "200 OK");
}

static void test_reload(void **state)
{
	struct fixture *x = *state;

	has(get(x, "POST /-/reload", "Content-Length: 0\r\n"), "200 OK");
	x->refuses = true;
	has(get(x, "POST /-/reload", "Content-Length: 0\r\n"), "the old one stays: vedette.yml:7:1: no such key");
	has(get(x, "GET /metrics/agent", ""), "\nvedette_config_last_reload_successful 0\n");
	has(get(x, "GET /", ""), "vedette.yml:7:1: no such key");
}

static void test_reconfigure(void **state)
{
	struct fixture *x = *state;
	struct web_settings settings = {.listen_address = "127.0.0.1:0", .scrape_timeout = NS_PER_S};
	struct err err;

	web_stop(x->web);
	pthread_join(x->thread, NULL);
	settings.external_url = "docs.example.com";
	assert_int_equal(web_reconfigure(x->web, &settings, &err), -1);
	settings.external_url = NULL;
	settings.config_file = "/nowhere/web.yml";
	assert_int_equal(web_reconfigure(x->web, &settings, &err), -1);
	assert_non_null(strstr(err.text, "/nowhere/web.yml"));
	settings.config_file = NULL;
	settings.external_url = "http://docs.example.com/v";
	assert_int_equal(web_reconfigure(x->web, &settings, &err), 0);
	assert_int_equal(x->web->state.scrape_timeout, NS_PER_S);
	assert_string_equal(x->web->state.origin.prefix, "/v");
	x->web->stopping = false;
	pthread_create(&x->thread, NULL, serve, x);
	has(get(x, "GET /sd", ""), "docs.example.com:80");
}

static void test_limit_per_host(void **state)
{
	struct sockaddr_in near = {.sin_family = AF_INET}, far = {.sin_family = AF_INET};
	struct conn conns[PER_HOST_MAX] = {0};
	struct web web = {.conns = conns};

	(void)state;
	inet_pton(AF_INET, "127.0.0.1", &near.sin_addr);
	inet_pton(AF_INET, "10.1.2.3", &far.sin_addr);
	for (size_t i = 0; i < ARRAY_LEN(conns); i++) {
		assert_int_equal(conn_accept(&web, (struct sockaddr *)&far, sizeof(far)), MHD_YES);
		inet_pton(AF_INET6, "::ffff:10.1.2.3", &conns[i].peer);
		conns[i].next = i + 1 < ARRAY_LEN(conns) ? &conns[i + 1] : NULL;
	}
	assert_int_equal(conn_accept(&web, (struct sockaddr *)&far, sizeof(far)), MHD_NO);
	inet_pton(AF_INET, "10.1.2.4", &far.sin_addr);
	assert_int_equal(conn_accept(&web, (struct sockaddr *)&far, sizeof(far)), MHD_YES);
	for (size_t i = 0; i < ARRAY_LEN(conns); i++)
		inet_pton(AF_INET6, "::ffff:127.0.0.1", &conns[i].peer);
	assert_int_equal(conn_accept(&web, (struct sockaddr *)&near, sizeof(near)), MHD_YES);
}

#define SERVED(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(test_up),
		SERVED(test_late),
		SERVED(test_waiting_holds_nobody),
		SERVED(test_clients_that_leave_while_it_waits),
		SERVED(test_stop_answers_who_waits),
		SERVED(test_not_ready),
		SERVED(test_reload),
		SERVED(test_reconfigure),
		cmocka_unit_test(test_limit_per_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
