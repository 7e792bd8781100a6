/* One gzip compressor whose state is kept from one use to the next: a scrape allocates nothing for it.
 *
 * A zeroed struct is valid; the state (256 KiB) is made at the first use. Owned by one thread. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct gzip {
	void *stream; /* z_stream */
};

/* Replaces the content of `out` by the compressed bytes. */
MUST_CHECK int gzip_write(struct gzip *g, const void *data, size_t len, struct buf *out, struct err *err);
void gzip_fini(struct gzip *g);
