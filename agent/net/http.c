#include "net/http.h"

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"

static void close_curl(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct buf *body = arg;

	buf_put(body, data, size * n);
	return body->failed ? 0 : size * n;
}

static void configure(CURL *curl, const struct http_request *rq, struct buf *body, char *reason)
{
	curl_easy_setopt(curl, CURLOPT_URL, rq->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(rq->timeout_ns / NS_PER_MS));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
	if (rq->unix_socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, rq->unix_socket);
	if (rq->insecure) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

int http_get(struct arena *a, const struct http_request *rq, struct http_response *out, struct err *err)
{
	CURL *curl CLEANUP(close_curl) = curl_easy_init();
	struct buf CLEANUP_BUF body = {.max = rq->max_bytes};
	char reason[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode rc;

	if (!curl)
		return err_set(err, "%s: libcurl could not be started", rq->url);
	configure(curl, rq, &body, reason);
	rc = curl_easy_perform(curl);
	if (body.failed)
		return err_set(err, "%s: the answer is larger than %zu bytes", rq->url, rq->max_bytes);
	if (rc != CURLE_OK)
		return err_set(err, "%s: %s", rq->url, *reason ? reason : curl_easy_strerror(rc));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	out->status = (int)status;
	out->body = (struct span){arena_strndup(a, body.data ? body.data : "", body.len), body.len};
	return 0;
}
