#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

int err_set(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	char reason[96];
	char context[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	return err_set(err, "%.*s: %s", (int)(sizeof(err->text) - sizeof(reason)), context,
	               strerror_r(saved, reason, sizeof(reason)));
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	struct err inner = *err;
	char context[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	return err_set(err, "%.120s: %s", context, inner.text);
}
