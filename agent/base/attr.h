/* Compiler attributes and cleanup helpers that the whole program uses.
 *
 * CLEANUP_* close a foreign handle when its variable leaves scope, so that functions stay linear. */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MUST_CHECK   __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(fn)  __attribute__((cleanup(fn)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

static inline void cleanup_fd_fn(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_file_fn(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void cleanup_dir_fn(DIR **d)
{
	if (*d)
		closedir(*d);
}

static inline void cleanup_free_fn(void *p)
{
	free(*(void **)p);
}

#define CLEANUP_FD   CLEANUP(cleanup_fd_fn)
#define CLEANUP_FILE CLEANUP(cleanup_file_fn)
#define CLEANUP_DIR  CLEANUP(cleanup_dir_fn)
#define CLEANUP_FREE CLEANUP(cleanup_free_fn)
