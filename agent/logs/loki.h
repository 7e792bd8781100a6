/* A batch as Loki wants it: protobuf, compressed as one snappy block. And what its replies mean.
 *
 * An encoder belongs to the sender's thread; what it returns is valid until it encodes again. */
#pragma once

#include "logs/batch.h"

struct encoder;

struct encoder *encoder_new(void);
void encoder_free(struct encoder *e); /* NULL is allowed */

struct span encoder_encode(struct encoder *e, struct batch *b);

/* What was encoded, taken apart again; NULL where it is damaged. */
Push__Request *loki_take_apart(struct span body);
void loki_free_request(Push__Request *r); /* NULL is allowed */
size_t loki_count_entries(const Push__Request *r);

/* Entries [first, last) of it, counted through its streams. */
struct span encoder_encode_part(struct encoder *e, const Push__Request *r, size_t first, size_t last);

enum loki_verdict {
	LOKI_DELIVERED,
	LOKI_REFUSED, /* some or all of it never will be taken: the same bytes are not sent again */
	LOKI_TOO_BIG, /* in parts it may be */
	LOKI_LATER,   /* try again soon */
	LOKI_DENIED,  /* try again slowly: somebody has to mend something */
	LOKI_STREAMS, /* too many streams: waiting rarely helps */
};

enum loki_verdict loki_verdict(int status, struct span text);

/* How many entries a refusal names, at most `all`. */
size_t loki_count_refused(struct span text, size_t all);
