/* What a metric is, and the samples of one collection.
 *
 * A `struct metric_desc` describes one family and is static data (or lives in the collection's arena where the
 * name comes from outside). A `struct sample_set` belongs to one thread while it is filled; once published it
 * is immutable. All memory is the set's arena. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_UNTYPED, METRIC_HISTOGRAM, METRIC_SUMMARY };

struct metric_desc {
	const char *name; /* as in text 0.0.4: a counter's with its _total */
	const char *help; /* one sentence */
	enum metric_type type;
	const char *labels; /* names, comma-separated, for the reference; NULL: none */
	bool pattern;       /* the name holds <placeholders>: documents families that are named at run time */
};

struct label {
	const char *name;
	const char *value;
};

/* sample_add(set, desc, v, LABELS({"cpu", cpu}, {"mode", "idle"})) */
#define LABELS(...)                                                                                                    \
	(const struct label[]){__VA_ARGS__}, sizeof((const struct label[]){__VA_ARGS__}) / sizeof(struct label)
#define NO_LABELS NULL, 0

enum sample_suffix { SUFFIX_NONE, SUFFIX_BUCKET, SUFFIX_SUM, SUFFIX_COUNT };

struct sample {
	double value;
	const char *labels; /* rendered: cpu="0",mode="idle"; not NUL-terminated */
	uint32_t labels_len;
	enum sample_suffix suffix;
};

struct sample_block {
	struct sample_block *next;
	uint32_t used, size;
	struct sample items[];
};

struct family {
	struct family *next; /* in the order of first use */
	const struct metric_desc *desc;
	struct sample_block *first, *last;
	size_t count;
};

struct sample_set {
	struct arena *arena;
	struct family *first, *last;
	struct family **table; /* open addressing by desc pointer */
	size_t table_size, families;
	const char *common; /* rendered labels that every sample gets, such as target="app"; "" for none */
	size_t common_len;
	size_t count;       /* samples */
	const char *latest; /* labels of the sample that was added last */
	uint32_t latest_len;
};

/* `target` names the target of all samples to come; NULL for none. The name is escaped here. */
void sample_set_init(struct sample_set *set, struct arena *arena, const char *target);

/* Adds one sample. desc must outlive the set; its address is the family's identity. Label values may hold any
 * bytes: they are escaped, and what is no UTF-8 becomes U+FFFD. */
void sample_add(struct sample_set *set, const struct metric_desc *desc, double value, const struct label *labels,
                size_t n_labels);

/* As sample_add, with the labels of the sample that was added last: they are written once for all of a row. */
void sample_add_same(struct sample_set *set, const struct metric_desc *desc, double value);

/* As sample_add for one series of a histogram or summary; gives the sample, which stays where it is. */
struct sample *sample_add_part(struct sample_set *set, const struct metric_desc *desc, enum sample_suffix suffix,
                               double value, const struct label *labels, size_t n_labels);

/* Moves all samples of a family of another set (of the same arena) to desc's family here. */
void sample_set_take(struct sample_set *set, const struct metric_desc *desc, const struct family *from);

/* A desc in the arena for a name that comes from outside; bytes that a name cannot have become '_', and what is no
 * UTF-8 in the help becomes U+FFFD. */
const struct metric_desc *metric_desc_new(struct arena *a, const char *name, enum metric_type type, const char *help);

/* [a-zA-Z_:][a-zA-Z0-9_:]* (labels: without the colon) */
bool metric_name_valid(const char *name);
bool label_name_valid(const char *name);

const char *metric_type_name(enum metric_type type); /* as in a TYPE line of text 0.0.4 */
