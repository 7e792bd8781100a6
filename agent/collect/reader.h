/* Reads small files below /proc, /sys and the root, and keeps the descriptors of what it reads again and again:
 * a pread on a kept descriptor costs a quarter of open, read and close.
 *
 * One reader belongs to one lane and is used on its thread only. Texts are in the given arena. A descriptor whose
 * file went away (ENODEV, ENOENT, ESRCH …) is reopened once by its path. At most READER_MAX_KEPT are kept; what
 * comes later, or was not used for a while, is opened and closed each time. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/scan.h"

enum {
	READER_MAX_KEPT = 1536, /* where the process may have 4096 descriptors; else three eighths of them */
	READER_MAX_FILE = 16 * 1024 * 1024, /* what is larger is an error */
	READER_MAX_DIGESTS = 2048,
};

/* Where the machine's files are; tests point these into a fixture. */
struct roots {
	const char *proc;   /* "/proc" */
	const char *sys;    /* "/sys" */
	const char *rootfs; /* "/": prefix of /etc/os-release and of mount points */
};

enum reader_root {
	ROOT_PROC,
	ROOT_SYS,
	ROOT_FS,   /* files here are replaced by renaming: their descriptors are not kept */
	ROOT_SELF, /* a path as this process sees it, such as one from the config; not kept either */
};

enum read_result {
	READ_FAILED = -1, /* err says which file and why */
	READ_OK = 0,
	READ_ABSENT = 1, /* no such file, or the kernel has no answer here (ENOENT, ENODEV, EINVAL, EOPNOTSUPP …) */
};

struct reader;

struct reader *reader_new(const struct roots *roots);
void reader_free(struct reader *r);
const struct roots *reader_roots(const struct reader *r);

/* Reads a whole file. *text is NUL-terminated in the arena (len without the NUL; NULs may occur inside). */
MUST_CHECK enum read_result reader_read(struct reader *r, struct arena *a, enum reader_root root, const char *path,
                                        struct span *text, struct err *err);
MUST_CHECK enum read_result reader_readf(struct reader *r, struct arena *a, enum reader_root root, struct span *text,
                                         struct err *err, const char *fmt, ...) PRINTF(6, 7);

/* As reader_read for what seldom changes and is dear to ask for: the kernel is asked only when its answer may be
 * another one. The text is the reader's or the arena's, and good until the next call for the same path. */
enum reader_recall {
	RECALL_MOUNTS,   /* a mountinfo: it tells when it has changed */
	RECALL_HARDWARE, /* asked again after 64 collections */
};
MUST_CHECK enum read_result reader_recall(struct reader *r, struct arena *a, enum reader_root root, const char *path,
                                          enum reader_recall recall, struct span *text, struct err *err);

/* What a file says that is replaced by renaming and dear to read, such as JSON of which little is wanted: what `digest`
 * makes of its text. It is asked again only when the file is another one (inode, size or times). The text is wiped
 * afterwards. The digest is the reader's or the arena's, and good until the next call for the same path; it is aligned
 * for any type. */
typedef int (*reader_digester)(struct arena *a, void *arg, struct span text, struct span *digest, struct err *err);
MUST_CHECK enum read_result reader_digest(struct reader *r, struct arena *a, enum reader_root root, const char *path,
                                          reader_digester digest, void *arg, struct span *out, struct err *err);

/* A file that holds one word or number: trimmed. */
MUST_CHECK enum read_result reader_word(struct reader *r, struct arena *a, enum reader_root root, struct span *word,
                                        struct err *err, const char *fmt, ...) PRINTF(6, 7);
/* READ_ABSENT also when what is there is no integer. */
MUST_CHECK enum read_result reader_i64(struct reader *r, struct arena *a, enum reader_root root, int64_t *out,
                                       struct err *err, const char *fmt, ...) PRINTF(6, 7);

/* Names in a directory but for . and .., sorted by byte; READ_ABSENT when there is none. */
struct name_list {
	const char **names;
	size_t n;
};
MUST_CHECK enum read_result reader_list(struct reader *r, struct arena *a, enum reader_root root, struct name_list *out,
                                        struct err *err, const char *fmt, ...) PRINTF(6, 7);

/* As reader_list, but directories only, whose descriptors are not kept. */
MUST_CHECK enum read_result reader_dirs(struct reader *r, struct arena *a, enum reader_root root, struct name_list *out,
                                        struct err *err, const char *fmt, ...) PRINTF(6, 7);

/* Where a symbolic link points (its text). */
MUST_CHECK enum read_result reader_link(struct reader *r, struct arena *a, enum reader_root root, const char **target,
                                        struct err *err, const char *fmt, ...) PRINTF(6, 7);

/* The path with every symbolic link followed, the root included. */
MUST_CHECK enum read_result reader_resolve(struct reader *r, struct arena *a, enum reader_root root, const char **path,
                                           struct err *err, const char *fmt, ...) PRINTF(6, 7);

/* When the file's content was last changed, in real nanoseconds. */
MUST_CHECK enum read_result reader_mtime(struct reader *r, enum reader_root root, int64_t *ns, struct err *err,
                                         const char *fmt, ...) PRINTF(5, 6);

/* Ends a collection: forgets descriptors that were not used in the last ones. */
void reader_sweep(struct reader *r);
