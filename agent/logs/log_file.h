/* One file that is followed: its descriptor, how far it has been read, and the stages' state of it.
 *
 * A file is what it is by device and inode, whatever it is called meanwhile. Only the reader's thread. */
#pragma once

#include "logs/container_names.h"
#include "logs/gz_file.h"
#include "logs/log_metrics.h"
#include "logs/pipe_file.h"
#include "logs/pipeline.h"
#include "logs/positions.h"
#include "logs/settings.h"
#include "logs/stream.h"

struct reader;
struct journal_log;

enum { PRINT_BYTES = 1024 };

#define NOT_RECORDED UINT64_MAX

struct log_file {
	struct reader *reader;
	const struct log_source *source;
	struct source_counts *counts; /* its source's */
	char *path;                   /* as it was found; its labels keep that through rotations */
	int fd;
	struct journal_log *journal; /* NULL: it is no journal */
	struct pipe_file *pipe;      /* NULL: it is not standard input */
	struct gz_file *zip;         /* NULL: it is plain; else offsets and sizes are of the text in it */
	int watch;                   /* -1: none */
	struct position position;    /* offset: how far it has been read; all before it has gone into the stages */
	uint64_t size;               /* when it was last looked at */
	uint64_t packed;             /* what it then took on disk, where it is compressed */
	uint64_t recorded;           /* the offset that the last batch took along, or NOT_RECORDED */
	uint64_t batch;              /* the number of that batch */
	int64_t changed_ns;          /* when it was last seen to change, monotonic */
	int64_t read_ns;             /* real, of the block that is being worked on */
	struct log_file *before;     /* to be read to its end first; NULL: none */
	bool dirty;                  /* there may be something to read */
	bool touched;                /* read since the last batch */
	bool present;                /* its path still leads to it */
	bool drained;                /* it was gone, and at its end */
	bool skipping;               /* in the rest of a line that was cut */
	struct pipeline *pipeline;
	struct arena arena;               /* its labels */
	struct container_names container; /* whose log it is, where the source is Docker */
	int64_t named_ns;                 /* when Docker last wrote that down */
	struct log_pairs labels;
	struct stream *stream; /* of those labels; NULL: not known yet */
};

/* NULL where it is gone, or is no regular file, or cannot be read. Whatever could not be read, err then says so, else
 * it is empty. */
struct log_file *log_file_open(const char *path, const char *shown_path, const struct log_source *source,
                               const struct string_map *external_labels, struct err *err);

/* What is no file: the journal or standard input of the source. */
struct log_file *log_file_new(const struct log_source *source, struct positions *positions,
                              const struct string_map *external_labels);
void log_file_free(struct log_file *f); /* NULL is allowed */

/* Whether the source wants to have it: of containers it may want only some. */
bool log_file_wanted(const struct log_file *f);

/* Where Docker has written down something new about the container: what it is called now. */
void log_file_rename(struct log_file *f, const struct string_map *external_labels);

/* Looks at its size and its first bytes. False when it is not what it was: it has been cut and begins anew. */
bool log_file_look(struct log_file *f);

/* As pread. */
ssize_t log_file_read(struct log_file *f, char *out, size_t n, uint64_t offset);

/* Its first bytes, as many as there are up to PRINT_BYTES. */
size_t log_file_beginning(struct log_file *f, char out[PRINT_BYTES]);

/* All before this has been batched or dropped. */
uint64_t log_file_settled(const struct log_file *f);
