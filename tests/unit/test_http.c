/* What the HTTP client sends and what it makes of an answer, against a server of one connection in a thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/http.h"

struct server {
	int fd;
	int port;
	const char *answer;
	char asked[8192];
	pthread_t thread;
};

static bool whole(const char *request, size_t len)
{
	const char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "content-length: ");

	return end && len - (size_t)(end + 4 - request) >= (length ? strtoul(length + 16, NULL, 10) : 0);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	size_t len = 0;
	ssize_t n;

	while (!whole(s->asked, len) && (n = read(fd, s->asked + len, sizeof(s->asked) - 1 - len)) > 0)
		len += (size_t)n;
	assert_int_equal(send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL), strlen(s->answer));
	close(fd);
	return NULL;
}

static void start(struct server *s, const char *answer)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	*s = (struct server){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .answer = answer};
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(s->fd, 1), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

/* What `rq` at that server comes to. */
static int ask(struct arena *a, const char *answer, struct http_request rq, struct server *s, struct http_response *out,
               struct err *err)
{
	int rc;

	start(s, answer);
	rq.url = arena_printf(a, "http://127.0.0.1:%d%s", s->port, rq.url);
	rq.timeout_ns = 20 * NS_PER_S;
	rq.max_bytes = 1000;
	rc = http_get(a, &rq, out, err);
	pthread_join(s->thread, NULL);
	close(s->fd);
	return rc;
}

static void test_a_request_without_anything_special(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct server s;
	struct http_response r;
	struct err err;

	(void)state;
	assert_int_equal(ask(&a, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", (struct http_request){.url = "/x"},
	                     &s, &r, &err),
	                 0);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body.s, "hi");
	assert_int_equal(strncmp(s.asked, "GET /x HTTP/1.1\r\n", 17), 0);
	assert_null(strstr(s.asked, "Authorization"));
}

static void test_method_body_headers_and_access_are_sent(void **state)
{
	const struct http_access access = {.username = "u", .password = "p"};
	const struct http_header headers[] = {{"X-One", "1"}, {"X-Empty", ""}};
	const struct span body = {"a\0b", 3};
	struct arena CLEANUP(arena_fini) a = {0};
	struct server s;
	struct http_response r;
	struct err err;

	(void)state;
	assert_int_equal(ask(&a, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
	                     (struct http_request){.url = "/a/../b",
	                                           .method = "PUT",
	                                           .body = &body,
	                                           .headers = headers,
	                                           .n_headers = 2,
	                                           .access = &access},
	                     &s, &r, &err),
	                 0);
	assert_int_equal(r.status, 201);
	assert_int_equal(strncmp(s.asked, "PUT /a/../b HTTP/1.1\r\n", 21), 0);
	assert_non_null(strstr(s.asked, "\r\nContent-Length: 3\r\n"));
	assert_non_null(strstr(s.asked, "\r\nX-One: 1\r\n"));
	assert_non_null(strstr(s.asked, "\r\nX-Empty:\r\n"));
	assert_non_null(strstr(s.asked, "\r\nAuthorization: Basic dTpw\r\n"));
	assert_null(strstr(s.asked, "Content-Type"));
	assert_null(strstr(s.asked, "Expect"));
	assert_memory_equal(strstr(s.asked, "\r\n\r\n") + 4, "a\0b", 3);
}

static void test_a_header_is_found_whatever_its_case(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct server s;
	struct http_response r;
	struct err err;

	(void)state;
	assert_int_equal(ask(&a, "HTTP/1.1 404 No\r\nX-Long-Id: no\r\nx-ID:  seven \r\nContent-Length: 0\r\n\r\n",
	                     (struct http_request){.url = "/", .method = "HEAD"}, &s, &r, &err),
	                 0);
	assert_int_equal(r.status, 404);
	assert_string_equal(http_header_of(&r, &a, "X-Id"), "seven");
	assert_null(http_header_of(&r, &a, "Id"));
	assert_null(http_header_of(&(struct http_response){0}, &a, "Id"));
}

static void test_redirects_are_given_or_refused(void **state)
{
	const char *elsewhere = "HTTP/1.1 307 No\r\nLocation: http://example.org/\r\nContent-Length: 0\r\n\r\n";
	struct arena CLEANUP(arena_fini) a = {0};
	struct server s;
	struct http_response r;
	struct err err;

	(void)state;
	assert_int_equal(ask(&a, elsewhere, (struct http_request){.url = "/", .no_redirects = true}, &s, &r, &err), 0);
	assert_int_equal(r.status, 307);
	assert_int_equal(ask(&a, elsewhere, (struct http_request){.url = "/"}, &s, &r, &err), -1);
	assert_non_null(strstr(err.text, "leads to another server"));
}

static void test_headers_and_bodies_have_bounds(void **state)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF much = {0};
	struct server s;
	struct http_response r;
	struct err err;

	(void)state;
	assert_int_equal(ask(&a, arena_printf(&a, "HTTP/1.1 200 OK\r\n\r\n%01001d", 0),
	                     (struct http_request){.url = "/"}, &s, &r, &err),
	                 -1);
	assert_non_null(strstr(err.text, "larger than 1000 bytes"));
	buf_puts(&much, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 100; i++)
		buf_printf(&much, "X-%d: %01000d\r\n", i, 0);
	buf_puts(&much, "\r\n");
	assert_int_equal(ask(&a, much.data, (struct http_request){.url = "/"}, &s, &r, &err), -1);
	assert_non_null(strstr(err.text, "bytes of headers"));
}

/* Nobody listens; then somebody does, but never answers, as a stopped process. */
static void test_refused_and_hanging_are_told_apart(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct arena CLEANUP(arena_fini) a = {0};
	int fd CLEANUP(cleanup_fd_fn) = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct http_request rq = {.timeout_ns = NS_PER_S / 5, .max_bytes = 1000};
	socklen_t len = sizeof(at);
	struct http_response r;
	struct err err;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	rq.url = arena_printf(&a, "http://127.0.0.1:%d/", ntohs(at.sin_port));
	assert_int_equal(http_get(&a, &rq, &r, &err), -1);
	assert_non_null(strstr(err.text, "connection refused: nothing listens there"));
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(http_get(&a, &rq, &r, &err), -1);
	assert_non_null(strstr(err.text, "timed out: it took the request and answers nothing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_without_anything_special),
		cmocka_unit_test(test_method_body_headers_and_access_are_sent),
		cmocka_unit_test(test_a_header_is_found_whatever_its_case),
		cmocka_unit_test(test_redirects_are_given_or_refused),
		cmocka_unit_test(test_headers_and_bodies_have_bounds),
		cmocka_unit_test(test_refused_and_hanging_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
