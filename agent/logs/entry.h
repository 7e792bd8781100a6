/* One log entry on its way from a source, through the stages, into a batch.
 *
 * Its texts lie in the source's read buffer or in the entry's arena and are valid until the entry has been batched or
 * dropped; then the arena is reset, so that no line costs an allocation. One thread: the pipeline's. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/scan.h"

enum { LOG_MAX_LABELS = 15, LOG_MAX_METADATA = 64, LOG_MAX_EXTRACTED = 64 };

struct log_pair {
	struct span name, value;
};

struct log_pairs {
	struct log_pair *items; /* room for the limit of its kind */
	size_t n, max;
};

struct log_entry {
	struct arena *arena;
	int64_t timestamp_ns; /* since 1970; the time of reading until a stage knows better */
	struct span line;
	struct log_pairs labels;    /* name the stream */
	struct log_pairs metadata;  /* go with the entry, structured */
	struct log_pairs extracted; /* what stages found, for later stages */
	const char *tenant;         /* NULL: the endpoint's */
	const char *dropped;        /* the reason, static; NULL: it goes on */
	uint64_t begin, end;        /* the bytes of its source that it stands for; several lines may be one entry */
};
