/* Inside of the reader: its table of kept descriptors, its paths, its outcomes. Only reader*.c include this. */
#pragma once

#include <stdarg.h>

#include "base/buf.h"
#include "collect/reader.h"

enum {
	IDLE_SWEEPS = 4, /* what was not used for so many collections is forgotten */
	PATH_ROOM = 512,
};

struct kept {
	char *path; /* NULL: free; owned */
	uint32_t hash;
	int fd;      /* -1: not kept, or not there */
	size_t size; /* what the last read brought: the next one asks for twice that at once */
	uint32_t last_used;
	uint32_t absent_until; /* fd -1: not there, and not to be asked for before this collection */
	char *text;            /* of reader_recall: what was read last; NULL: nothing; owned */
	size_t text_len;
	uint32_t text_sweep; /* when */
};

struct reader {
	struct roots roots;
	struct kept *table;
	size_t size;  /* of the table: a power of two, at least twice `taken` */
	size_t taken; /* slots of the table, at most `most` */
	size_t most;
	uint32_t sweep;
	struct digests *digests; /* of reader_digest */
	struct buf spill;        /* for files larger than one read */
};

struct path {
	char text[PATH_ROOM];
	bool keep; /* a kernel file: its descriptor always tells the present. Elsewhere files are replaced */
};

/* An open descriptor for the path, or -1 with errno; *slot is where it is kept, or NULL when the caller must close it.
 */
int kept_acquire(struct reader *r, const struct path *full, int flags, struct kept **slot);
void kept_release(struct kept *slot);
/* Its slot, or the free one where it would be; good until the next kept_acquire. */
struct kept *kept_find(const struct reader *r, const char *path);

struct digests *digests_new(void);
void digests_free(struct digests *all);
void digests_sweep(struct digests *all, uint32_t sweep);

/* The whole file, of which the first n bytes are known, into r->spill; -1 with errno. */
MUST_CHECK int read_rest(struct reader *r, int fd, const char *first, size_t n);

/* What errno means: READ_ABSENT, or READ_FAILED with the error set. */
enum read_result read_outcome(const char *path, struct err *err);
bool read_absent(int error);
bool read_gone(int error);

/* The formatted path below its root; false when it is over-long, which is absent, as the kernel would say. */
bool path_expand(const struct reader *r, enum reader_root root, struct path *out, const char *fmt, ...) PRINTF(4, 5);
bool path_vexpand(const struct reader *r, enum reader_root root, struct path *out, const char *fmt, va_list ap);

#define EXPAND_PATH(r, root, fmt, path)                                                                                \
	do {                                                                                                           \
		va_list ap_;                                                                                           \
		bool fits_;                                                                                            \
                                                                                                                       \
		va_start(ap_, fmt);                                                                                    \
		fits_ = path_vexpand(r, root, path, fmt, ap_);                                                         \
		va_end(ap_);                                                                                           \
		if (!fits_)                                                                                            \
			return READ_ABSENT;                                                                            \
	} while (0)
