#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/http_inside.h"

static void free_url(CURLU **url)
{
	curl_url_cleanup(*url);
}

void http_free_place(struct http_place *p)
{
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
}

void http_free_list(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

int http_read_url(const char *text, struct http_place *out, struct err *err)
{
	CURLU *url CLEANUP(free_url) = curl_url();

	if (!url)
		abort();
	if (curl_url_set(url, CURLUPART_URL, text, 0) || curl_url_get(url, CURLUPART_SCHEME, &out->scheme, 0) ||
	    curl_url_get(url, CURLUPART_HOST, &out->host, 0) ||
	    curl_url_get(url, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT))
		return err_set(err, "%.200s: is no URL such as http://host:8080/path", text);
	return 0;
}

bool http_same_server(const char *one, const char *other)
{
	struct http_place CLEANUP(http_free_place) a = {0}, CLEANUP(http_free_place) b = {0};
	struct err err;

	return http_read_url(one, &a, &err) == 0 && http_read_url(other, &b, &err) == 0 &&
	       !strcmp(a.scheme, b.scheme) && !strcmp(a.host, b.host) && !strcmp(a.port, b.port);
}

static bool of_family(const char *address, int family)
{
	return !family || (strchr(address, ':') != NULL) == (family == AF_INET6);
}

int http_find_address(struct http *http, const char *url, int family, int64_t deadline_ns, struct curl_slist **list,
                      struct err *err)
{
	struct http_place CLEANUP(http_free_place) place = {0};
	struct addresses found = {0};
	struct buf CLEANUP_BUF entry = {0};
	struct err reason;
	bool late;
	size_t n = 0;

	if (http_read_url(url, &place, err) < 0)
		return -1;
	if (*place.host == '[')
		return 0;
	if (resolve(http->resolver, place.host, deadline_ns, &found, &late, &reason) < 0)
		return err_set(err, "%.100s: %.120s", url, reason.text);
	buf_printf(&entry, "%s:%s:", place.host, place.port);
	for (size_t i = 0; i < found.n; i++)
		if (of_family(found.text[i], family))
			buf_printf(&entry, "%s%s", n++ ? "," : "", found.text[i]);
	if (!n)
		return err_set(err, "%.100s: has no address of IPv%d", url, family == AF_INET6 ? 6 : 4);
	*list = curl_slist_append(NULL, entry.data);
	if (!*list)
		abort();
	return 0;
}

long http_milliseconds_left(int64_t deadline_ns)
{
	int64_t left = (deadline_ns - clock_mono_ns()) / NS_PER_MS;

	return left > 0 ? (long)left : 1;
}
