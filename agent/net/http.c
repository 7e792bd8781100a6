#include "net/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/http_inside.h"

enum { MAX_HOPS = 3, HEADERS_MAX = 64 * 1024 };

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct buf *to = arg;

	buf_put(to, data, size * n);
	return to->failed ? 0 : size * n;
}

/* One header, or the line before them: of several responses the last one counts. */
static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	if (size * n > 5 && !memcmp(data, "HTTP/", 5))
		buf_reset(arg);
	return on_data(data, size, n, arg);
}

/* A response under way. */
struct coming {
	struct buf body, headers;
	char reason[CURL_ERROR_SIZE];
};

static void free_coming(struct coming *c)
{
	buf_fini(&c->body);
	buf_fini(&c->headers);
}

/* The connection stays; all else is this request's own. */
static void configure(CURL *curl, const struct http_request *rq, int64_t deadline_ns, struct coming *to)
{
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, rq->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, 1L);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, http_milliseconds_left(deadline_ns));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &to->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &to->headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, to->reason);
	if (rq->unix_socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, rq->unix_socket);
	curl_set_access(curl, rq->access);
}

static void set_method(CURL *curl, const struct http_request *rq)
{
	if (rq->body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body->len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, rq->body->s);
	}
	if (rq->method && !strcmp(rq->method, "HEAD"))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else if (rq->method)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, rq->method);
}

static void put_headers(CURL *curl, const struct http_request *rq, struct curl_slist **headers)
{
	int rc = 0;

	if (rq->accept)
		rc |= curl_add_header(headers, "Accept", rq->accept);
	if (rq->body) { /* what libcurl would add by itself */
		struct curl_slist *longer = curl_slist_append(*headers, "Expect:");

		rc |= longer ? 0 : -1;
		*headers = longer ? longer : *headers;
		longer = curl_slist_append(*headers, "Content-Type:");
		rc |= longer ? 0 : -1;
		*headers = longer ? longer : *headers;
	}
	for (size_t i = 0; i < rq->n_headers; i++)
		rc |= curl_add_header(headers, rq->headers[i].name, rq->headers[i].value);
	if (rc)
		abort();
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
}

static struct span in_arena(struct arena *a, const struct buf *b)
{
	return (struct span){arena_strndup(a, b->data ? b->data : "", b->len), b->len};
}

/* What befell the server, where what libcurl says leaves that open. */
static const char *reason_of(CURL *curl, CURLcode rc, const struct coming *coming)
{
	long reason = 0, sent = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &reason);
	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
	if (rc == CURLE_COULDNT_CONNECT && reason == ECONNREFUSED)
		return "connection refused: nothing listens there; is it running?";
	if (rc == CURLE_OPERATION_TIMEDOUT && sent && !coming->headers.len)
		return "timed out: it took the request and answers nothing; it hangs, is stopped or has too much to do";
	return *coming->reason ? coming->reason : curl_easy_strerror(rc);
}

static int perform(CURL *curl, const struct http_request *rq, struct coming *coming, struct err *err)
{
	CURLcode rc = curl_easy_perform(curl);

	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	if (coming->body.failed)
		return err_set(err, "%s: the answer is larger than %zu bytes", rq->url, rq->max_bytes);
	if (coming->headers.failed)
		return err_set(err, "%s: the answer has more than %d bytes of headers", rq->url, HEADERS_MAX);
	if (rc != CURLE_OK)
		return err_set(err, "%s: %s", rq->url, reason_of(curl, rc, coming));
	return 0;
}

/* One request and its response; *next is where it leads further, or NULL. */
static int fetch_once(struct http *http, struct arena *a, const struct http_request *rq, int64_t deadline_ns,
                      struct http_response *out, const char **next, struct err *err)
{
	struct curl_slist *addresses CLEANUP(http_free_list) = NULL, *headers CLEANUP(http_free_list) = NULL;
	struct coming CLEANUP(free_coming) coming = {.body.max = rq->max_bytes, .headers.max = HEADERS_MAX};
	char *to = NULL;
	long status = 0;

	if (!rq->unix_socket && http_find_address(http, rq->url, 0, deadline_ns, &addresses, err) < 0)
		return -1;
	configure(http->curl, rq, deadline_ns, &coming);
	set_method(http->curl, rq);
	put_headers(http->curl, rq, &headers);
	curl_easy_setopt(http->curl, CURLOPT_RESOLVE, addresses);
	if (perform(http->curl, rq, &coming, err) < 0)
		return -1;
	curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(http->curl, CURLINFO_REDIRECT_URL, &to);
	*next = to && !rq->no_redirects ? arena_strdup(a, to) : NULL;
	*out = (struct http_response){(int)status, in_arena(a, &coming.body), in_arena(a, &coming.headers)};
	return 0;
}

const char *http_header_of(const struct http_response *response, struct arena *a, const char *name)
{
	const char *at = response->headers.s, *end = at + response->headers.len;
	size_t len = strlen(name);

	while (at < end) {
		const char *line = at, *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		at = stop < end ? stop + 1 : end;
		if ((size_t)(stop - line) <= len || strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		for (line += len + 1; line < stop && (*line == ' ' || *line == '\t');)
			line++;
		while (stop > line && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		return arena_strndup(a, line, (size_t)(stop - line));
	}
	return NULL;
}

struct http *http_new(void)
{
	struct http *http = http_new_with(NULL, NULL);

	http->curl = curl_easy_init();
	if (!http->curl)
		abort();
	http->resolver = resolver_new();
	return http;
}

struct http *http_new_with(http_answer_fn *answer, void *arg)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		abort();
	http->answer = answer;
	http->arg = arg;
	return http;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->curl);
	resolver_free(http->resolver);
	free(http);
}

int http_fetch(struct http *http, struct arena *a, const struct http_request *rq, struct http_response *out,
               struct err *err)
{
	int64_t deadline_ns = clock_mono_ns() + rq->timeout_ns;
	struct http_request hop = *rq;
	const char *next;

	if (http->answer)
		return http->answer(http->arg, a, rq, out, err);
	for (int i = 0; i <= MAX_HOPS; i++) {
		if (fetch_once(http, a, &hop, deadline_ns, out, &next, err) < 0)
			return -1;
		if (!next)
			return 0;
		if (!http_same_server(rq->url, next))
			return err_set(err, "%s: leads to another server; write that one's URL", rq->url);
		hop.url = next;
	}
	return err_set(err, "%s: leads on and on", rq->url);
}

static void free_http(struct http **http)
{
	http_free(*http);
}

int http_get(struct arena *a, const struct http_request *rq, struct http_response *out, struct err *err)
{
	struct http *http CLEANUP(free_http) = http_new();

	return http_fetch(http, a, rq, out, err);
}
