#include "base/buf.h"

#include <stdarg.h>

#include "base/utf8.h"

enum {
	FIRST_CAP = 256,
	DEFAULT_MAX = 1 << 30,
};

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

static void grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	char *data;

	while (cap < need + 1)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		fputs("vedette: out of memory\n", stderr);
		abort();
	}
	b->data = data;
	b->cap = cap;
}

char *buf_room(struct buf *b, size_t n)
{
	size_t max = b->max ? b->max : DEFAULT_MAX;

	if (b->failed || b->len > max || n > max - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->cap - b->len <= n)
		grow(b, b->len + n);
	return b->data + b->len;
}

void buf_put(struct buf *b, const void *data, size_t n)
{
	char *p = buf_room(b, n);

	if (!p)
		return;
	memcpy(p, data, n);
	p[n] = '\0';
	b->len += n;
}

void buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	p = n < 0 ? NULL : buf_room(b, (size_t)n);
	if (p) {
		vsnprintf(p, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

static void put_json_char(struct buf *b, unsigned char c)
{
	static const char named[] = "b\bf\fn\nr\rt\t\"\"\\\\";

	for (const char *p = named; *p; p += 2)
		if ((unsigned char)p[1] == c) {
			buf_putc(b, '\\');
			buf_putc(b, p[0]);
			return;
		}
	if (c < 0x20 || c == 0x7f)
		buf_printf(b, "\\u%04x", c);
	else
		buf_putc(b, (char)c);
}

void buf_json(struct buf *b, const char *s)
{
	const char *end = s + strlen(s);

	buf_putc(b, '"');
	while (s < end) {
		size_t n = utf8_len(s, end);

		if (n == 1)
			put_json_char(b, (unsigned char)*s);
		else if (n)
			buf_put(b, s, n);
		else
			buf_puts(b, UTF8_REPLACEMENT);
		s += n ? n : 1;
	}
	buf_putc(b, '"');
}

void buf_html(struct buf *b, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&': buf_puts(b, "&amp;"); break;
		case '<': buf_puts(b, "&lt;"); break;
		case '>': buf_puts(b, "&gt;"); break;
		case '"': buf_puts(b, "&quot;"); break;
		case '\'': buf_puts(b, "&#39;"); break;
		default: buf_putc(b, *s);
		}
}

char *buf_take(struct buf *b, size_t *len)
{
	char *data = b->data;

	*len = b->len;
	buf_init(b, b->max);
	return data;
}
