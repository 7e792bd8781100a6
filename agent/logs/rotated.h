/* What logrotate, dockerd and programs themselves make of a log file's name when they rotate it. Any thread. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ROTATED_MAX = 64 };

struct rotated_file {
	char *path; /* the caller's to free; NULL after rotated_look */
	int64_t changed_ns;
	uint64_t dev, inode;
};

/* False where there is no regular file. */
bool rotated_look(const char *path, struct rotated_file *out);

/* The rotated files of `path`, oldest first; how many there are. */
size_t rotated_find(const char *path, struct rotated_file out[ROTATED_MAX]);

/* The name that a rotated file has had, as far as its present one tells; false where it is no rotated file's. */
bool rotated_base(const char *name, char out[NAME_MAX + 1]);

/* Compressed in a way that we cannot undo; gzip's we can. */
bool rotated_is_packed(const char *name);

/* By its name, a file that was rotated: where a pattern matches it, it is what has been read under another name. */
bool rotated_looks(const char *path);
