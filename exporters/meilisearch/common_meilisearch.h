/* What the collectors of a Meilisearch share: its settings, how it is asked, and what its refusals mean.
 *
 * Settings live as long as the target; replies are the caller's to free (CLEANUP_JSON). Called on the lane's thread. */
#pragma once

#include <jansson.h>

#include "collect/collector.h"
#include "net/http.h"

enum { MEILISEARCH_MAX_REPLY = 4 * 1024 * 1024, MEILISEARCH_MAX_CANARIES = 32 };

/* A search whose answer is known beforehand. */
struct canary {
	const char *name; /* NULL: its query stands for it */
	const char *index, *query, *filter;
	int64_t expected_hits, min_interval;
};

struct meilisearch {
	const char *url;
	struct http_access access; /* its bearer token is the key */
	int64_t timeout;           /* nanoseconds, for all of a request */
	struct list canaries;      /* struct canary */
};

/* One request. */
struct meilisearch_request {
	const char *path;        /* with its query: "/tasks?limit=1" */
	const char *action;      /* the right that the key needs; NULL: no key is needed */
	const char *accept;      /* NULL: JSON */
	const struct span *body; /* JSON to be posted; NULL: nothing is posted */
	size_t max_bytes;        /* 0: MEILISEARCH_MAX_REPLY */
};

const char *meilisearch_url(struct probe *p, const struct meilisearch_request *ask);

/* 0 when something answered, whatever its status. */
MUST_CHECK int meilisearch_fetch(struct probe *p, const struct meilisearch_request *ask, struct http_response *out,
                                 struct err *err);

/* Says why the response is not what was asked for, and what to do; returns -1. */
int meilisearch_refused(struct probe *p, const struct meilisearch_request *ask, const struct http_response *response,
                        struct err *err);

/* Whether the response is an error of Meilisearch with that code. */
bool meilisearch_says(const struct http_response *response, const char *code);

/* The object that it answers with, or NULL. */
MUST_CHECK json_t *meilisearch_ask(struct probe *p, const struct meilisearch_request *ask, struct err *err);

/* The number of a member; false where there is none, or one that is negative. */
bool meilisearch_number(const json_t *object, const char *key, double *out);

/* What is there is not what Meilisearch answers there; returns -1. */
int meilisearch_strange(struct probe *p, const struct meilisearch_request *ask, struct err *err);

static inline void free_json(json_t **json)
{
	json_decref(*json);
}
#define CLEANUP_JSON CLEANUP(free_json)
