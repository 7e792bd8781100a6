/* Threads with a name (shown by ps and gdb), a small stack and all signals blocked. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { THREAD_STACK_BYTES = 256 * 1024 };

/* Starts fn(arg) as `name` (at most 15 characters are shown). A detached one cannot be joined. */
MUST_CHECK int thread_start(pthread_t *out, const char *name, bool detached, void *(*fn)(void *), void *arg,
                            struct err *err);

/* Waits for the end of a thread that is not detached, until a monotonic time; false: it still runs. */
MUST_CHECK bool thread_join(pthread_t thread, int64_t deadline_ns);
