/* What merging is made of: series, the families that they belong to, and tables to find them and the keys that stand
 * for them. All of it lives in one scrape's arena and is used by one thread. */
#pragma once

#include "exporters/multiprocess/common_multiprocess.h"

/* The head of whatever is found by its text. */
struct table_item {
	const char *text;
	uint32_t len, hash;
};

struct table {
	struct table_item **slots; /* open addressing */
	size_t size, used;
};

/* NULL: it is not there. */
void *table_find(const struct table *t, struct span text, uint32_t hash);
void table_add(struct table *t, struct arena *a, struct table_item *item);

enum gauge_mode { GAUGE_ALL, GAUGE_MIN, GAUGE_MAX, GAUGE_SUM, GAUGE_LATEST };

struct db_family {
	struct table_item item; /* its name */
	struct db_family *next;
	const char *help;
	enum metric_type type;
	enum gauge_mode mode;
	bool settled; /* no file can change the mode any more */
	struct series *first, **end;
};

/* What one worker says, where the values of all are told. */
struct worker_value {
	struct table_item item; /* series, worker */
	struct worker_value *next;
	const char *worker;
	double value;
};

/* A series, or (in a histogram) all that has the same labels. */
struct series {
	struct table_item item; /* family, suffix, labels */
	struct db_family *family;
	struct series *next; /* of the family, or of the buckets */
	enum sample_suffix suffix;
	const struct label *labels;
	size_t n_labels;
	bool seen;
	double value, timestamp;
	struct worker_value *workers, *last_worker;
	struct series *buckets, *sum, *count; /* of a histogram's labels */
	size_t n_buckets;
	const char *le; /* of a bucket */
	double bound;
};

/* A text of the files. */
struct key {
	struct table_item item;
	struct key *next;      /* the one that came next last time */
	struct series *series; /* NULL: none can be made of it */
};

/* The file that is read, by its name. */
struct db_file {
	enum metric_type type;
	enum gauge_mode mode;
	const char *worker;
};

struct entry {
	const struct key *key;
	double value, timestamp;
};

struct merge {
	struct arena *arena;
	bool rename_target;
	struct table families, series, workers, keys[METRIC_SUMMARY + 1];
	struct db_family *first, **end;
	struct key *begin[METRIC_SUMMARY + 1]; /* the one that the last file of the type began with */
	struct key *latest;                    /* the one before the entry that is read */
	struct entry *entries;                 /* of the file that is read */
	size_t n_entries, room;
	size_t key_bytes, n_keys, skipped;
	bool unstamped; /* the last file had no timestamps */
	bool disagreed, again;
};

/* The series that a key of a file of that type stands for, made where it is new; NULL: none can be. */
struct series *merge_series(struct merge *m, const struct db_file *file, const struct db_key *key);
