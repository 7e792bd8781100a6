/* How far each file has been delivered, on disk: <storage.path>/positions.
 *
 * A text, versioned. Each acknowledged push appends a group of lines that ends with its digest, so that a torn write
 * is seen; now and then the file is written anew and renamed into place. A table in memory has the same content. The
 * sender commits, the reader looks up; a lock is inside. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/scan.h"

/* A file is known again by its place and its first bytes. */
struct position {
	uint64_t dev, inode;
	uint64_t print; /* digest of the first print_len bytes */
	uint64_t print_len;
	uint64_t offset; /* all before it is delivered or given up */
	int64_t seen;    /* Unix seconds */
};

/* Where the unique timestamps of a stream are. */
struct tie {
	uint64_t stream;
	int64_t asked, given; /* entries that asked for `asked` have been given up to `given` */
	int64_t top;          /* the latest that has been given */
	unsigned lap;         /* of struct stream */
};

enum { CURSOR_MAX = 256, CURSORS_MAX = 8 };

/* Where a journal is, in its own words: all up to that entry is delivered or given up. */
struct cursor {
	uint64_t source; /* which of ours */
	char text[CURSOR_MAX];
};

/* What a push delivers. */
struct checkpoint {
	uint64_t number; /* of the push; they grow */
	struct position *files;
	size_t n_files;
	struct tie *ties;
	size_t n_ties;
	int64_t looked; /* all files that were there at that time, Unix seconds, have a position; 0: not known */
	struct cursor *cursors;
	size_t n_cursors;
};

enum { POSITIONS_MAX = 10000, CHECKPOINT_MAX = 512 /* files, and streams */ };

struct positions;

/* Reads <directory>/positions; what is corrupt in it is set aside as positions.corrupt, and *corrupt says so. */
struct positions *positions_open(const char *directory, bool *corrupt);
void positions_close(struct positions *p); /* NULL is allowed */

/* As text, ending with its digest; and back. */
void checkpoint_write(const struct checkpoint *c, struct buf *out);

/* Applies all whole groups; false when there is anything else than those and a torn last one. */
MUST_CHECK bool positions_apply(struct positions *p, struct span groups);

/* Applies and appends one group. -1 when it could not be written; it holds in memory nevertheless. */
MUST_CHECK int positions_commit(struct positions *p, struct span group, struct err *err);

/* Copies; false where there is none. */
bool positions_find(struct positions *p, uint64_t dev, uint64_t inode, struct position *out);
/* The one whose first bytes these are, wherever it was; the longest such. */
bool positions_find_print(struct positions *p, struct span beginning, struct position *out);
bool positions_find_cursor(struct positions *p, uint64_t source, struct cursor *out);
bool positions_find_tie(struct positions *p, uint64_t stream, struct tie *out);
uint64_t positions_number(struct positions *p); /* of the last push that was committed */
int64_t positions_looked(struct positions *p);  /* as in a checkpoint */
