/* Inside of the reader of expositions: one text while it is read. Only promtext*.c include this.
 *
 * All memory is the reader's arena; one thread at a time. */
#pragma once

#include "metric/promtext.h"

#define PROMTEXT_HASH_START UINT64_C(14695981039346656037)

/* What OpenMetrics calls types; text 0.0.4 has fewer. */
enum promtext_type {
	PROMTEXT_UNKNOWN,
	PROMTEXT_GAUGE,
	PROMTEXT_COUNTER,
	PROMTEXT_STATESET,
	PROMTEXT_INFO,
	PROMTEXT_HISTOGRAM,
	PROMTEXT_GAUGEHISTOGRAM,
	PROMTEXT_SUMMARY,
};

/* A family as one text has it. */
struct promtext_family {
	struct metric_desc desc; /* as it is passed on */
	const char *name;        /* as the text calls it: in OpenMetrics a counter's without _total */
	enum promtext_type type;
	bool helped, typed, sampled;
	size_t line; /* where it appeared first */
	void *kept;  /* by promtext_admit_fn */
};

struct promtext_slot {
	uint64_t hash; /* 0: free */
	union {
		struct promtext_family *family;
		struct sample *sample; /* in the table of series */
	};
};

struct text {
	struct promtext *reader;
	struct arena *arena;
	const char *name;
	size_t line;
	struct promtext_table families, series;
	struct sample_set set;
	struct err *err;
	bool ended; /* # EOF has come */
};

/* Labels of one sample, in one copy. */
struct labels {
	struct label items[PROMTEXT_MAX_LABELS];
	size_t n;
	const char *le, *quantile;
};

/* Where a sample belongs. */
struct promtext_place {
	struct promtext_family *family;
	enum sample_suffix suffix;
	bool creation_time; /* it is none that is passed on */
};

/* promtext_table.c: never 0 is a hash of FNV-1a; a table holds hashes, of families with their names. */
uint64_t promtext_hash(uint64_t hash, const void *data, size_t n);
uint64_t promtext_hash_text(uint64_t hash, const char *s); /* with its NUL */
uint64_t promtext_never_zero(uint64_t hash);
struct promtext_slot *promtext_slot_of(const struct promtext_table *t, uint64_t hash, const char *name);
/* Where the hash (of that name, where there is one) is, or the free slot for it. */
struct promtext_slot *promtext_look_up(struct promtext_table *t, struct arena *a, uint64_t hash, const char *name);
void promtext_put(struct promtext_table *t, struct promtext_slot *slot, uint64_t hash);
struct promtext_family *promtext_find_family(struct text *t, const char *name); /* NULL: the text has none yet */
struct promtext_family *promtext_get_family(struct text *t, const char *name);

/* promtext_scan.c: -1 with "name:line: what". */
MUST_CHECK int promtext_fault(const struct text *t, const char *what);
MUST_CHECK int promtext_fault_of(const struct text *t, const char *family, const char *what);
void promtext_skip_blanks(struct span *s);
struct span promtext_scan_name(struct span *rest, bool colon);
/* After the opening brace, up to and with the closing one; by name. */
MUST_CHECK int promtext_scan_labels(struct text *t, struct span *rest, struct labels *labels);
/* The text of a HELP line without its escapes. */
MUST_CHECK int promtext_scan_help(struct text *t, struct span rest, const char **out);

/* promtext_comment.c: a line that begins with #, without that. */
MUST_CHECK int promtext_comment(struct text *t, struct span rest);

/* promtext_place.c: the family that a sample's name belongs to, by the rules of the text's format, and what such a
 * sample needs. */
MUST_CHECK int promtext_find_place(struct text *t, const char *name, struct promtext_place *out);
MUST_CHECK int promtext_check_place(const struct text *t, const struct promtext_place *place,
                                    const struct labels *labels);
