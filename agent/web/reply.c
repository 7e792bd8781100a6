#include <assert.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "web/internal.h"

void reply_header(struct request *rq, const char *name, const char *value)
{
	assert(rq->n_headers < REPLY_HEADERS);
	rq->headers[rq->n_headers++] = (struct reply_header){name, value};
}

static void count(struct web *web, unsigned code)
{
	for (size_t i = 0; i < CODES_MAX; i++)
		if (!web->codes[i].code || web->codes[i].code == code) {
			web->codes[i].code = code;
			web->codes[i].n++;
			return;
		}
}

static bool configured(const struct string_map *headers, const char *name)
{
	for (size_t i = 0; i < headers->n; i++)
		if (!strcasecmp(headers->items[i].key, name))
			return true;
	return false;
}

static void add_headers(const struct request *rq, struct MHD_Response *response, const char *type)
{
	const struct string_map *own = &rq->web->config->file.http_server_config.headers;

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < rq->n_headers; i++)
		if (!configured(own, rq->headers[i].name))
			MHD_add_response_header(response, rq->headers[i].name, rq->headers[i].value);
	if (!configured(own, "X-Content-Type-Options"))
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (size_t i = 0; i < own->n; i++)
		MHD_add_response_header(response, own->items[i].key, own->items[i].value);
}

enum MHD_Result reply_body(struct request *rq, unsigned code, const char *type, struct buf *body)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t len;
	char *data;

	if (body->failed)
		return MHD_NO; /* more than a GiB: close */
	data = buf_take(body, &len);
	response = MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(data);
		return MHD_NO;
	}
	add_headers(rq, response, type);
	result = MHD_queue_response(rq->conn->mhd, code, response);
	MHD_destroy_response(response);
	if (result == MHD_YES)
		count(rq->web, code);
	return result;
}

enum MHD_Result reply_text(struct request *rq, unsigned code, const char *fmt, ...)
{
	struct buf body;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_init(&body, 0);
	buf_printf(&body, "%s\n", text);
	return reply_body(rq, code, "text/plain; charset=utf-8", &body);
}
