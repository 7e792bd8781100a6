/* Requests to any store that speaks S3, signed, and what it says of them in words. On the lane's thread; memory is the
 * arena that is given. */
#pragma once

#include "exporters/minio/common_minio.h"
#include "net/http.h"
#include "net/sign.h"

enum { S3_REPLY_BYTES = 64 * 1024 }; /* enough for whatever is no list */

struct s3 {
	struct probe *probe;
	const char *access_key, *secret_key;
};

struct s3_call {
	const char *method;
	const char *action; /* what a policy calls it: "s3:PutObject" */
	const char *bucket; /* NULL: the store itself */
	const char *key;    /* NULL: the bucket itself */
	const struct sign_parameter *query;
	size_t n_query;
	const struct span *body; /* NULL: none */
	size_t max_bytes;        /* of the answer; 0: S3_REPLY_BYTES */
};

struct s3_reply {
	int status;       /* 0: no answer came */
	const char *code; /* S3's for why not: "NoSuchKey"; "" where it says none */
	struct http_response http;
};

/* 0: the store has done it; -1: not, with the reason. */
MUST_CHECK int s3_ask(const struct s3 *s3, struct arena *a, const struct s3_call *call, struct s3_reply *out,
                      struct err *err);
