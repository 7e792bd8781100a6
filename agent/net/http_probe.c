#include "net/http_probe.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/http_inside.h"
#include "net/tls_seen.h"

enum { HEADERS_MAX = 64 * 1024 };

/* One visit: a URL on the way, and what comes from there. */
struct visit {
	struct http *http;
	struct arena *arena;
	const struct http_probe_request *rq;
	struct http_probe_result *out;
	CURL *curl;
	const char *url;
	bool is_port; /* tcp:// or tls:// */
	bool ours;    /* still the server that was asked for */
	bool again;   /* asked as at first, with method and body: a redirection may ask for GET */
	int64_t deadline_ns;
	struct buf body, headers;
	bool too_long;
	struct curl_slist *address, *request_headers, *connect_to;
	struct tls_seen tls;
	char reason[CURL_ERROR_SIZE];
};

static void end_visit(struct visit *v)
{
	curl_easy_cleanup(v->curl);
	curl_slist_free_all(v->address);
	curl_slist_free_all(v->request_headers);
	curl_slist_free_all(v->connect_to);
	buf_fini(&v->body);
	buf_fini(&v->headers);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct visit *v = arg;
	size_t len = size * n;

	if (v->out->body_length + len > v->rq->max_bytes) {
		v->too_long = true;
		return 0;
	}
	v->out->body_length += len;
	if (v->rq->keep_body)
		buf_put(&v->body, data, len);
	return len;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct visit *v = arg;

	if (size * n > 5 && !memcmp(data, "HTTP/", 5))
		buf_reset(&v->headers);
	buf_put(&v->headers, data, size * n);
	return v->headers.failed ? 0 : size * n;
}

static void add_to_list(struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (!longer)
		abort();
	*list = longer;
}

static void put_headers(struct visit *v)
{
	if (v->rq->body && v->again) { /* what libcurl would add by itself */
		add_to_list(&v->request_headers, "Expect:");
		add_to_list(&v->request_headers, "Content-Type:");
	}
	for (size_t i = 0; v->ours && i < v->rq->n_headers; i++)
		if (curl_add_header(&v->request_headers, v->rq->headers[i].name, v->rq->headers[i].value) < 0)
			abort();
	curl_easy_setopt(v->curl, CURLOPT_HTTPHEADER, v->request_headers);
}

/* libcurl checks the certificate against the URL's host: that becomes the other name, and leads to where it was. */
static int rename_server(struct visit *v, struct err *err)
{
	struct http_place CLEANUP(http_free_place) place = {0};
	CURLU *url;
	char *renamed = NULL;

	if (http_read_url(v->url, &place, err) < 0)
		return -1;
	url = curl_url();
	if (!url)
		abort();
	if (curl_url_set(url, CURLUPART_URL, v->url, 0) || curl_url_set(url, CURLUPART_HOST, v->rq->server_name, 0) ||
	    curl_url_get(url, CURLUPART_URL, &renamed, 0)) {
		curl_url_cleanup(url);
		return err_set(err, "%.100s is no name of a server", v->rq->server_name);
	}
	add_to_list(&v->connect_to,
	            arena_printf(v->arena, "%s:%s:%s:%s", v->rq->server_name, place.port, place.host, place.port));
	add_to_list(&v->request_headers, arena_printf(v->arena, "Host: %s:%s", place.host, place.port));
	curl_easy_setopt(v->curl, CURLOPT_CONNECT_TO, v->connect_to);
	curl_easy_setopt(v->curl, CURLOPT_URL, renamed);
	curl_free(renamed);
	curl_url_cleanup(url);
	return 0;
}

static void set_method(struct visit *v)
{
	const struct http_probe_request *rq = v->rq;

	if (v->is_port)
		curl_easy_setopt(v->curl, CURLOPT_CONNECT_ONLY, 1L);
	if (rq->body && v->again) {
		curl_easy_setopt(v->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body->len);
		curl_easy_setopt(v->curl, CURLOPT_POSTFIELDS, rq->body->s);
	}
	if (rq->method && !strcmp(rq->method, "HEAD"))
		curl_easy_setopt(v->curl, CURLOPT_NOBODY, 1L);
	else if (rq->method && v->again)
		curl_easy_setopt(v->curl, CURLOPT_CUSTOMREQUEST, rq->method);
}

static void configure(struct visit *v)
{
	CURL *curl = v->curl;

	curl_easy_setopt(curl, CURLOPT_URL, v->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, http_milliseconds_left(v->deadline_ns));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
	curl_easy_setopt(curl, CURLOPT_FILETIME, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, v);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, v);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, v->reason);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, v->address);
	if (v->rq->compression)
		curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	if (v->rq->unix_socket && v->ours)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, v->rq->unix_socket);
	curl_set_access(curl, v->ours ? v->rq->access : NULL);
	tls_watch(curl, &v->tls);
}

static double seconds_at(const struct visit *v, CURLINFO which)
{
	curl_off_t us = 0;

	curl_easy_getinfo(v->curl, which, &us);
	return (double)us / 1e6;
}

static double span_of_time(double from, double to)
{
	return to > from ? to - from : 0;
}

/* From libcurl's moments, which count from the start and are 0 where it did not come so far. */
static void add_phases(struct visit *v)
{
	double *phases = v->out->phases;
	double name = seconds_at(v, CURLINFO_NAMELOOKUP_TIME_T), connect = seconds_at(v, CURLINFO_CONNECT_TIME_T);
	double tls = seconds_at(v, CURLINFO_APPCONNECT_TIME_T), first = seconds_at(v, CURLINFO_STARTTRANSFER_TIME_T);

	phases[PHASE_CONNECT] += connect > 0 ? span_of_time(name, connect) : 0;
	phases[PHASE_TLS] += span_of_time(connect, tls);
	phases[PHASE_PROCESSING] += span_of_time(tls > connect ? tls : connect, first);
	phases[PHASE_TRANSFER] += first > 0 ? span_of_time(first, seconds_at(v, CURLINFO_TOTAL_TIME_T)) : 0;
}

static double version_of(const struct visit *v)
{
	long version = 0;

	curl_easy_getinfo(v->curl, CURLINFO_HTTP_VERSION, &version);
	switch (version) {
	case CURL_HTTP_VERSION_1_0: return 1.0;
	case CURL_HTTP_VERSION_1_1: return 1.1;
	case CURL_HTTP_VERSION_2_0: return 2.0;
	case CURL_HTTP_VERSION_3: return 3.0;
	default: return 0;
	}
}

static const char *address_of(const struct visit *v)
{
	char *ip = NULL;

	curl_easy_getinfo(v->curl, CURLINFO_PRIMARY_IP, &ip);
	return ip && *ip ? arena_strdup(v->arena, ip) : v->out->address;
}

static void note_response(struct visit *v, bool whole)
{
	struct http_probe_result *out = v->out;
	curl_off_t length = -1, modified = -1;
	long status = 0;

	add_phases(v);
	out->address = address_of(v);
	curl_easy_getinfo(v->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(v->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	curl_easy_getinfo(v->curl, CURLINFO_FILETIME_T, &modified);
	out->status = (int)status;
	out->version = status ? version_of(v) : 0;
	out->content_length = status ? length : 0;
	out->last_modified = modified > 0 ? modified : 0;
	out->is_tls = v->tls.version != NULL && (whole || status);
	out->earliest_expiry = v->tls.earliest_expiry;
	if (!out->is_tls)
		return;
	out->tls_version = v->tls.version;
	out->fingerprint = v->tls.fingerprint;
	out->subject = v->tls.subject;
	out->issuer = v->tls.issuer;
	out->alternatives = v->tls.alternatives;
	out->chain_expiry = v->tls.chain_expiry;
}

static bool headers_are_whole(const struct visit *v)
{
	const struct buf *h = &v->headers;

	return h->len > 4 && (!memcmp(h->data + h->len - 4, "\r\n\r\n", 4) || !memcmp(h->data + h->len - 2, "\n\n", 2));
}

static const char *doing(const struct visit *v, CURLcode rc)
{
	long sent = 0;

	curl_easy_getinfo(v->curl, CURLINFO_REQUEST_SIZE, &sent);
	if (headers_are_whole(v))
		return "reading the body";
	if (v->headers.len)
		return "reading the headers";
	if (v->tls.begun && (!v->tls.version || rc == CURLE_PEER_FAILED_VERIFICATION))
		return "in the TLS handshake";
	return sent ? "waiting for the response" : "connecting";
}

static const char *reason_of(const struct visit *v, CURLcode rc)
{
	long number = 0;

	curl_easy_getinfo(v->curl, CURLINFO_OS_ERRNO, &number);
	if (rc == CURLE_COULDNT_CONNECT && number)
		return strerrordesc_np((int)number);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return "timed out";
	return *v->reason ? v->reason : curl_easy_strerror(rc);
}

static int explain(const struct visit *v, CURLcode rc, struct err *err)
{
	if (v->too_long)
		return err_set(err, "%.150s: the body is larger than %zu bytes (max_bytes)", v->rq->url,
		               v->rq->max_bytes);
	if (v->headers.failed)
		return err_set(err, "%.150s: the headers are larger than %d bytes", v->rq->url, HEADERS_MAX);
	return err_set(err, "%.150s: %s: %.150s", v->rq->url, doing(v, rc), reason_of(v, rc));
}

/* The first address of "host:port:address,address". */
static const char *first_address(struct arena *a, const struct curl_slist *list)
{
	const char *at = list ? strchr(list->data, ':') : NULL;

	at = at ? strchr(at + 1, ':') : NULL;
	return at ? arena_strndup(a, at + 1, strcspn(at + 1, ",")) : NULL;
}

static int resolve_name(struct visit *v, bool first, struct err *err)
{
	int64_t start_ns = clock_mono_ns();
	int rc = v->rq->unix_socket && v->ours
	                 ? 0
	                 : http_find_address(v->http, v->url, v->rq->family, v->deadline_ns, &v->address, err);
	double seconds = ns_to_seconds(clock_mono_ns() - start_ns);

	v->out->phases[PHASE_RESOLVE] += seconds;
	v->out->address = first_address(v->arena, v->address);
	if (first)
		v->out->resolve_seconds = seconds;
	return rc;
}

/* *next is where the response leads, or NULL. */
static int make_visit(struct visit *v, bool first, const char **next, struct err *err)
{
	char *to = NULL;
	CURLcode rc;

	if (resolve_name(v, first, err) < 0)
		return -1;
	configure(v);
	if (v->rq->server_name && v->ours && rename_server(v, err) < 0)
		return -1;
	set_method(v);
	put_headers(v);
	v->out->body_length = 0;
	rc = curl_easy_perform(v->curl);
	note_response(v, rc == CURLE_OK);
	if (rc != CURLE_OK)
		return explain(v, rc, err);
	curl_easy_getinfo(v->curl, CURLINFO_REDIRECT_URL, &to);
	*next = to ? arena_strdup(v->arena, to) : NULL;
	v->out->body =
		(struct span){arena_strndup(v->arena, v->body.data ? v->body.data : "", v->body.len), v->body.len};
	v->out->headers = (struct span){arena_strndup(v->arena, v->headers.data ? v->headers.data : "", v->headers.len),
	                                v->headers.len};
	return 0;
}

static int visit(struct http *http, struct arena *a, const struct http_probe_request *rq, const char *url,
                 int64_t deadline_ns, struct http_probe_result *out, const char **next, struct err *err)
{
	struct visit CLEANUP(end_visit) v = {.http = http,
	                                     .arena = a,
	                                     .rq = rq,
	                                     .out = out,
	                                     .curl = curl_easy_init(),
	                                     .url = url,
	                                     .ours = http_same_server(url, rq->url) || url == rq->url,
	                                     .again = !out->redirects || out->status == 307 || out->status == 308,
	                                     .deadline_ns = deadline_ns,
	                                     .body.max = rq->max_bytes,
	                                     .headers.max = HEADERS_MAX,
	                                     .tls.arena = a};

	if (!v.curl)
		abort();
	v.again = v.again && v.ours;
	v.is_port = !strncmp(url, "tcp://", 6) || !strncmp(url, "tls://", 6);
	if (v.is_port)
		v.url = arena_printf(a, "%s://%s", url[1] == 'c' ? "http" : "https", url + 6);
	return make_visit(&v, out->redirects == 0, next, err);
}

/* What a frozen server says, in no time. */
static int answer(struct http *http, struct arena *a, const struct http_probe_request *rq,
                  struct http_probe_result *out, struct err *err)
{
	struct http_request asked = {.url = rq->url, .method = rq->method, .max_bytes = rq->max_bytes};
	struct http_response response;

	if (http->answer(http->arg, a, &asked, &response, err) < 0)
		return -1;
	out->status = response.status;
	out->version = 1.1;
	out->body = response.body;
	out->headers = response.headers;
	out->body_length = response.body.len;
	out->content_length = (int64_t)response.body.len;
	out->address = "127.0.0.1";
	return 0;
}

/* From one server to the next. */
static int follow(struct http *http, struct arena *a, const struct http_probe_request *rq, int64_t deadline_ns,
                  struct http_probe_result *out, struct err *err)
{
	const char *url = rq->url, *next = NULL;

	for (;;) {
		if (visit(http, a, rq, url, deadline_ns, out, &next, err) < 0)
			return -1;
		if (!next)
			return 0;
		out->redirects++;
		if (!rq->max_redirects)
			return 0;
		if (out->redirects > rq->max_redirects)
			return err_set(err, "%.150s: more than %d redirections; the last one leads to %.100s", rq->url,
			               rq->max_redirects, next);
		url = next;
	}
}

int http_probe(struct http *http, struct arena *a, const struct http_probe_request *rq, struct http_probe_result *out,
               struct err *err)
{
	int64_t start_ns = clock_mono_ns();
	int rc;

	*out = (struct http_probe_result){0};
	if (http->answer)
		return answer(http, a, rq, out, err);
	rc = follow(http, a, rq, start_ns + rq->timeout_ns, out, err);
	out->seconds = ns_to_seconds(clock_mono_ns() - start_ns);
	return rc;
}
