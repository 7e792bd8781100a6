/* A batch as Loki wants it: protobuf, compressed as one snappy block. And what its replies mean.
 *
 * An encoder belongs to the sender's thread; what it returns is valid until it encodes again. */
#pragma once

#include "logs/batch.h"

struct encoder;

struct encoder *encoder_new(void);
void encoder_free(struct encoder *e); /* NULL is allowed */

/* Entries [first, last) of the batch. */
struct span encoder_encode(struct encoder *e, struct batch *b, size_t first, size_t last);

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
