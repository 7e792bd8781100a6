#include "exporters/host/common_sysfs.h"

#include <ctype.h>
#include <stdarg.h>

#include "base/num.h"

const char *sysfs_number(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(name, prefix, len) != 0 || !isdigit((unsigned char)name[len]))
		return NULL;
	return name + len;
}

static bool word(struct probe *p, struct span *out, const char *fmt, va_list ap)
{
	struct err ignored;
	char path[256];
	int n = vsnprintf(path, sizeof(path), fmt, ap);

	if (n < 0 || n >= (int)sizeof(path))
		return false;
	if (reader_read(p->reader, p->arena, ROOT_SYS, path, out, &ignored) != READ_OK)
		return false;
	*out = span_trim(*out);
	return true;
}

const char *sysfs_text(struct probe *p, const char *fmt, ...)
{
	struct span text;
	va_list ap;
	bool found;

	va_start(ap, fmt);
	found = word(p, &text, fmt, ap);
	va_end(ap);
	return found ? arena_strndup(p->arena, text.s, text.len) : NULL;
}

bool sysfs_number_of(struct probe *p, int64_t *out, const char *fmt, ...)
{
	struct span text;
	uint64_t bits;
	va_list ap;
	bool found;

	va_start(ap, fmt);
	found = word(p, &text, fmt, ap);
	va_end(ap);
	if (!found)
		return false;
	if (span_starts(text, "0x") && num_parse_hex(text.s, text.len, &bits) && bits <= INT64_MAX) {
		*out = (int64_t)bits;
		return true;
	}
	return num_parse_i64(text.s, text.len, out);
}
