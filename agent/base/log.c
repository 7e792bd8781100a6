#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static _Atomic(enum log_level) min_level = LOG_INFO;
static _Atomic(enum log_format) line_format = LOG_LOGFMT;

void log_setup(enum log_level level, enum log_format format)
{
	min_level = level;
	line_format = format;
}

static bool plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' || *s >= 0x7f)
			return false;
	return true;
}

static void put_pair(struct buf *b, enum log_format format, const char *key, const char *value)
{
	if (format == LOG_JSON)
		buf_printf(b, "%s\"%s\":", b->len ? "," : "{", key);
	else
		buf_printf(b, "%s%s=", b->len ? " " : "", key);
	if (format == LOG_LOGFMT && plain(value))
		buf_puts(b, value);
	else
		buf_json(b, value);
}

static void put_time(struct buf *b, enum log_format format)
{
	char text[64], stamp[96];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(stamp, sizeof(stamp), "%s.%03ldZ", text, now.tv_nsec / 1000000);
	put_pair(b, format, "ts", stamp);
}

void log_event(enum log_level level, const char *message, ...)
{
	enum log_format format = line_format;
	struct buf CLEANUP_BUF line = {.max = 16384};
	const char *key;
	va_list ap;

	if (level < min_level)
		return;
	put_time(&line, format);
	put_pair(&line, format, "level", level_names[level]);
	put_pair(&line, format, "msg", message);
	va_start(ap, message);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		put_pair(&line, format, key, value ? value : "");
	}
	va_end(ap);
	buf_puts(&line, format == LOG_JSON ? "}\n" : "\n");
	if (write(STDERR_FILENO, line.data, line.len) < 0)
		return; /* nobody is left to tell */
}
