#include "net/http_post.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/curl_setup.h"

enum { CONNECT_TIMEOUT_MS = 5000, PASSED_OVER_MAX = 1024 * 1024 };

struct http_poster {
	struct http_post_settings settings;
	CURL *curl;
	struct curl_slist *headers;
	char reason[CURL_ERROR_SIZE];
};

static void free_list(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

/* The rest of a long reply is read, so that the connection can be used again, but not kept; one without an end is
 * broken off. */
static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_post_reply *out = arg;
	size_t len = size * n, room = sizeof(out->text) - 1 - out->len, taken = len < room ? len : room;

	memcpy(out->text + out->len, data, taken);
	out->len += taken;
	out->passed_over += len - taken;
	return out->passed_over < PASSED_OVER_MAX ? len : 0;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct http_poster *p = arg;

	(void)a, (void)b, (void)c, (void)d;
	return p->settings.stop && atomic_load_explicit(p->settings.stop, memory_order_relaxed);
}

static int set_headers(struct http_poster *p)
{
	const struct http_post_settings *s = &p->settings;
	int rc = curl_add_header(&p->headers, "Content-Type", s->content_type);

	rc |= curl_slist_append(p->headers, "Expect:") ? 0 : -1;
	for (size_t i = 0; i < s->n_headers; i++)
		rc |= curl_add_header(&p->headers, s->headers[i].name, s->headers[i].value);
	return rc;
}

static void configure(struct http_poster *p)
{
	const struct http_post_settings *s = &p->settings;
	CURL *curl = p->curl;

	curl_easy_setopt(curl, CURLOPT_URL, s->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, s->proxy ? s->proxy : "");
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(s->timeout_ns / NS_PER_MS));
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "vedette/" VEDETTE_VERSION);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, p);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, p->reason);
	curl_set_access(curl, &s->access);
}

int http_poster_new(struct http_poster **out, const struct http_post_settings *settings, struct err *err)
{
	struct http_poster *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->settings = *settings;
	p->curl = curl_easy_init();
	if (!p->curl || set_headers(p) < 0) {
		http_poster_free(p);
		return err_set(err, "libcurl could not be started");
	}
	configure(p);
	*out = p;
	return 0;
}

void http_poster_free(struct http_poster *p)
{
	if (!p)
		return;
	curl_easy_cleanup(p->curl);
	curl_slist_free_all(p->headers);
	free(p);
}

int http_post(struct http_poster *p, struct span body, struct http_header extra, struct http_post_reply *out,
              struct err *err)
{
	struct curl_slist *headers CLEANUP(free_list) = NULL;
	long status = 0;
	CURLcode rc;

	for (const struct curl_slist *h = p->headers; h; h = h->next)
		headers = curl_slist_append(headers, h->data);
	if (extra.name && curl_add_header(&headers, extra.name, extra.value) < 0)
		return err_set(err, "out of memory");
	out->len = out->passed_over = 0;
	*p->reason = '\0';
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, body.s);
	curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, out);
	rc = curl_easy_perform(p->curl);
	curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, NULL);
	out->text[out->len] = '\0';
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	/* what is refused is refused, however its words end */
	if (rc != CURLE_OK && (rc == CURLE_ABORTED_BY_CALLBACK || status < 400))
		return err_set(err, "%s: %s", p->settings.url, *p->reason ? p->reason : curl_easy_strerror(rc));
	out->status = (int)status;
	return 0;
}
