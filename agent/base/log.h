/* The program's own log: one line per event on stderr, logfmt or JSON.
 *
 * Only lanes, web, the log pipeline and main log; everything else returns its error. Any thread; a line is
 * one write. Values are quoted and escaped; secrets never reach here. */
#pragma once

#include "base/attr.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

/* Called by main before threads start, and again on reload. */
void log_setup(enum log_level level, enum log_format format);

/* A message and key/value pairs: LOG(INFO, "listening", "address", addr). Values are strings; NULL shows
 * as empty. */
#define LOG(level, ...) log_event(LOG_##level, __VA_ARGS__, (const char *)NULL)
void log_event(enum log_level level, const char *message, ...) __attribute__((sentinel));
