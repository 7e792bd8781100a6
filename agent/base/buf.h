/* A growing byte buffer with a limit and a sticky error: append freely, check `failed` once.
 *
 * Owned by one thread; buf_fini frees it. The text is always NUL-terminated when data is not NULL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;  /* the most bytes it may hold; 0: 1 GiB */
	bool failed; /* a write was refused because of max */
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b);

/* Room for n more bytes and a NUL at data + len, or NULL (and failed) when that is over the limit.
 * The caller writes there and adds to len. */
char *buf_room(struct buf *b, size_t n);

void buf_put(struct buf *b, const void *data, size_t n);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);

/* A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void buf_json(struct buf *b, const char *s);

/* The text safe inside HTML elements and quoted attributes. */
void buf_html(struct buf *b, const char *s);

/* Hands the bytes to the caller, who frees them; the buffer is empty afterwards. NULL when empty. */
char *buf_take(struct buf *b, size_t *len);

#define CLEANUP_BUF CLEANUP(buf_fini)
