/* What prometheus_client keeps in PROMETHEUS_MULTIPROC_DIR, and what becomes of it: one file for each worker and kind
 * of metric, the keys in it, and the sums over all workers as its MultiProcessCollector has them.
 *
 * A file is 4 bytes "used", 4 of padding, then entries: 4 bytes length, a key in JSON padded with spaces so that the
 * value behind it is aligned to 8, the value and (since release 0.18) a timestamp. It is mapped by its worker and grows
 * while we read: "used" is written last, so what comes before it is whole. Numbers are in the machine's byte order.
 * Called on the lane's thread; all memory is the arena's. Source: prometheus_client's mmap_dict.py and
 * multiprocess.py, releases 0.12 to 0.26. */
#pragma once

#include "collect/collector.h"

struct multiprocess_options {
	const char *directory;
	int64_t max_files;
	bool in_main; /* its series are in /metrics, too */
};

enum {
	MULTIPROCESS_MAX_FILE = 16 * 1024 * 1024, /* what a worker writes in one file */
	MULTIPROCESS_MAX_KEY = 64 * 1024,
	MULTIPROCESS_MAX_LABELS = 64,
	MULTIPROCESS_MAX_SERIES = 100000, /* of all files together */
};

/* A key: ["metric", "name of the sample", {"label": "value"}, "help"]; releases before 0.16 give no help. */
struct db_key {
	const char *metric, *name;
	const char *help;     /* NULL: none */
	struct label *labels; /* sorted by name */
	size_t n_labels;
};

enum db_key_result {
	DB_KEY_OK,
	DB_KEY_UNUSABLE, /* well formed, but no series can be made of it */
	DB_KEY_BROKEN,
};

/* Reads a key. Characters that names cannot have become '_'; NUL and what is no character become U+FFFD. A label
 * `target` becomes `exported_target` where the series get one of ours. */
MUST_CHECK enum db_key_result db_key_read(struct arena *a, struct span text, bool rename_target, struct db_key *out);

/* Where files are read into: one piece of memory for one file after another. */
struct db_buffer {
	struct arena *arena;
	char *data;
	size_t size;
	size_t usual; /* bytes that the file before had in use */
};

enum db_result {
	DB_OK,
	DB_ABSENT, /* deleted since the directory was listed */
	DB_FAULT,
};

/* Reads what a file has in use, its first 8 bytes included; empty where its worker has not written anything yet. *out
 * is good until the next call; *fault says what is wrong with the file. */
MUST_CHECK enum db_result db_read(struct db_buffer *buffer, int directory, const char *name, struct span *out,
                                  const char **fault);

/* All files of a directory merged. */
struct merge;

struct merge *merge_new(struct arena *a, bool rename_target);

/* Adds what a file holds; -1: it is not well formed (*fault says how), and nothing of it was added. */
MUST_CHECK int merge_add(struct merge *m, const char *file, struct span content, const char **fault);

/* Files may disagree about the mode of a gauge, as after a change of the program: the last file decides. true: some
 * did, everything added is forgotten, and all files are to be added again. At most once. */
bool merge_again(struct merge *m);

/* Entries that were left out: no series can be made of them, or there are too many series. */
size_t merge_skipped(const struct merge *m);

/* Adds all series, with descriptions in the set's arena. */
void merge_tell(struct merge *m, struct sample_set *set);
