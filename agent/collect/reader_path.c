/* Paths of files below the roots. */
#include <string.h>

#include "collect/reader_inside.h"

/* "1234/stat": processes come and go, but for the first. */
static bool of_process(const char *path)
{
	return path[0] >= '1' && path[0] <= '9' && strncmp(path, "1/", 2) != 0;
}

static const char *base_of(const struct reader *r, enum reader_root root)
{
	switch (root) {
	case ROOT_PROC: return r->roots.proc;
	case ROOT_SYS: return r->roots.sys;
	case ROOT_FS: return r->roots.rootfs;
	default: return NULL; /* ROOT_SELF: the path as it is */
	}
}

/* As vsnprintf. Paths are made for each file of each scrape, nearly all from %s alone, which takes no printf. */
static int format_path(char *out, size_t size, const char *fmt, va_list ap)
{
	const char *whole = fmt;
	va_list strings;
	size_t n = 0;

	va_copy(strings, ap);
	for (; *fmt && n < size; fmt++) {
		const char *s = fmt;
		size_t len = 1;

		if (*fmt == '%' && fmt[1] != 's')
			break;
		if (*fmt == '%') {
			s = va_arg(strings, const char *);
			len = strlen(s);
			fmt++;
		}
		if (len < size - n)
			memcpy(out + n, s, len);
		n += len;
	}
	va_end(strings);
	if (*fmt && n < size)
		return vsnprintf(out, size, whole, ap);
	if (n < size)
		out[n] = '\0';
	return (int)n;
}

/* The formatted path below its root; false when it is over-long, which is absent, as the kernel would say. */
bool path_vexpand(const struct reader *r, enum reader_root root, struct path *out, const char *fmt, va_list ap)
{
	const char *base = base_of(r, root);
	size_t at = base ? strlen(base) : 0;
	int n;

	if (at + 2 > sizeof(out->text))
		return false;
	if (base) {
		memcpy(out->text, base, at);
		out->text[at++] = '/';
	}
	n = format_path(out->text + at, sizeof(out->text) - at, fmt, ap);
	out->keep = (root == ROOT_PROC && !of_process(out->text + at)) || root == ROOT_SYS;
	return n > 0 && n < (int)(sizeof(out->text) - at);
}

bool path_expand(const struct reader *r, enum reader_root root, struct path *out, const char *fmt, ...)
{
	va_list ap;
	bool fits;

	va_start(ap, fmt);
	fits = path_vexpand(r, root, out, fmt, ap);
	va_end(ap);
	return fits;
}
