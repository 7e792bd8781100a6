#include "exporters/meilisearch/common_meilisearch.h"

const char *meilisearch_url(struct probe *p, const struct meilisearch_request *ask)
{
	const struct meilisearch *o = p->target;
	size_t len = strlen(o->url);

	while (len && o->url[len - 1] == '/')
		len--;
	return arena_printf(p->arena, "%.*s%s", (int)len, o->url, ask->path);
}

/* Meilisearch wants keys of 16 bytes in production; a shorter one may stand anywhere by chance. */
static bool holds_key(const struct meilisearch *o, struct span text)
{
	size_t len = o->access.bearer_token ? strlen(o->access.bearer_token) : 0;

	return len >= 16 && text.len && memmem(text.s, text.len, o->access.bearer_token, len);
}

int meilisearch_fetch(struct probe *p, const struct meilisearch_request *ask, struct http_response *out,
                      struct err *err)
{
	static const struct http_header json = {"Content-Type", "application/json"};
	const struct meilisearch *o = p->target;
	int64_t left = p->deadline_ns - clock_mono_ns();
	struct http_request rq = {.url = meilisearch_url(p, ask),
	                          .method = ask->body ? "POST" : NULL,
	                          .accept = ask->accept ? ask->accept : "application/json",
	                          .headers = &json,
	                          .n_headers = ask->body != NULL,
	                          .body = ask->body,
	                          .access = &o->access,
	                          .timeout_ns = o->timeout < left ? o->timeout : left,
	                          .max_bytes = ask->max_bytes ? ask->max_bytes : MEILISEARCH_MAX_REPLY};

	if (left <= 0)
		return err_set(err, "%s: not asked: what came before took all the time", rq.url);
	if (http_fetch(p->http, p->arena, &rq, out, err) < 0)
		return -1;
	if (holds_key(o, out->body)) /* parts of it become labels and errors */
		return err_set(err, "%.120s: answers with the very key that it was given; is the url right?", rq.url);
	return 0;
}

static json_t *parse(const struct http_response *response)
{
	json_t *json = json_loadb(response->body.s, response->body.len, 0, NULL);

	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

bool meilisearch_says(const struct http_response *response, const char *code)
{
	json_t *json CLEANUP_JSON = parse(response);
	const char *said = json_string_value(json_object_get(json, "code"));

	return said && !strcmp(said, code);
}

int meilisearch_strange(struct probe *p, const struct meilisearch_request *ask, struct err *err)
{
	return err_set(err, "%s: answers, but not as Meilisearch does; is the url right?", meilisearch_url(p, ask));
}

/* A refusal does not tell a key that is unknown or expired from one without the right. */
static int no_right(struct probe *p, const struct meilisearch_request *ask, int status, struct err *err)
{
	const struct meilisearch *o = p->target;
	const char *url = meilisearch_url(p, ask);

	if (!o->access.bearer_token)
		return err_set(err, "%.90s: %d: it wants a key; write key_file: PATH of one with the right %s", url,
		               status, ask->action);
	return err_set(
		err, "%.90s: %d: the key is unknown, expired or without the right %s; make one that has it: POST /keys",
		url, status, ask->action);
}

int meilisearch_refused(struct probe *p, const struct meilisearch_request *ask, const struct http_response *response,
                        struct err *err)
{
	json_t *json CLEANUP_JSON = parse(response);
	const char *code = json_string_value(json_object_get(json, "code"));
	const char *message = json_string_value(json_object_get(json, "message"));

	if ((response->status == 401 || response->status == 403) && code && ask->action)
		return no_right(p, ask, response->status, err);
	if (code && message)
		return err_set(err, "%.90s: %d %.40s: %.80s", meilisearch_url(p, ask), response->status, code, message);
	return err_set(err, "%.120s: answers with status %d, but not as Meilisearch does; is the url right?",
	               meilisearch_url(p, ask), response->status);
}

json_t *meilisearch_ask(struct probe *p, const struct meilisearch_request *ask, struct err *err)
{
	struct http_response response;
	json_t *json;

	if (meilisearch_fetch(p, ask, &response, err) < 0)
		return NULL;
	if (response.status != 200) {
		meilisearch_refused(p, ask, &response, err);
		return NULL;
	}
	json = parse(&response);
	if (!json)
		meilisearch_strange(p, ask, err);
	return json;
}

bool meilisearch_number(const json_t *object, const char *key, double *out)
{
	const json_t *value = json_object_get(object, key);
	double number = json_number_value(value);

	if (!json_is_number(value) || number < 0)
		return false;
	*out = number;
	return true;
}
