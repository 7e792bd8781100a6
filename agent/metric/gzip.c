#include "metric/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	LEVEL = 2,              /* text this repetitive shrinks hardly more at 9, at many times the cost */
	GZIP_WRAPPER = 16 + 15, /* zlib: a gzip header, and the largest window */
	MEMORY = 8,
};

static z_stream *stream_new(void)
{
	z_stream *z = calloc(1, sizeof(*z));

	if (!z || deflateInit2(z, LEVEL, Z_DEFLATED, GZIP_WRAPPER, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(z);
		return NULL;
	}
	return z;
}

static int compress_all(z_stream *z, struct buf *out)
{
	int rc;

	do {
		size_t room = deflateBound(z, z->avail_in) + 64;

		z->next_out = (Bytef *)buf_room(out, room);
		if (!z->next_out)
			return Z_BUF_ERROR;
		z->avail_out = (uInt)room;
		rc = deflate(z, Z_FINISH);
		out->len += room - z->avail_out;
	} while (rc == Z_OK);
	return rc;
}

int gzip_write(struct gzip *g, const void *data, size_t len, struct buf *out, struct err *err)
{
	z_stream *z = g->stream ? g->stream : stream_new();

	if (!z)
		return err_set(err, "no memory for compression");
	g->stream = z;
	buf_reset(out);
	if (len > UINT_MAX / 2)
		return err_set(err, "%zu bytes are too many to compress at once", len);
	if (deflateReset(z) != Z_OK)
		return err_set(err, "the compressor cannot start again");
	z->next_in = (Bytef *)(uintptr_t)data;
	z->avail_in = (uInt)len;
	if (compress_all(z, out) != Z_STREAM_END)
		return err_set(err, "compressing %zu bytes failed", len);
	return 0;
}

void gzip_fini(struct gzip *g)
{
	if (g->stream)
		deflateEnd(g->stream);
	free(g->stream);
	g->stream = NULL;
}
