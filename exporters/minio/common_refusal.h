/* Why MinIO does not let us see its metrics. It says the same of every fault of a token, so it is asked once more, with
 * a signature, to which it does say what is wrong. On the lane's thread. */
#pragma once

#include "exporters/minio/common_minio.h"

struct http_response;

/* The cause in words, for an answer other than 200; always -1. */
int minio_refused(struct probe *p, const char *url, const struct http_response *response, struct err *err);

/* By how many seconds the server's clock is ahead of ours, as the answer's Date has it; false: it has none. */
bool minio_clock_ahead(const struct probe *p, const struct http_response *response, int64_t *seconds);
