/* The thread that finds files, reads them, runs the stages and fills batches.
 *
 * When Loki does not take what has been read, reading stops, but not looking around: files that are rotated away
 * meanwhile are kept open. Inside of logs only. */
#pragma once

#include <stdatomic.h>

#include "logs/log_file.h"
#include "logs/log_metrics.h"
#include "logs/sender.h"
#include "logs/watch.h"

enum { READ_BLOCK = 512 * 1024, BATCHES = 3, NOTED_MAX = 64 };

/* A file that has been read, but not under this name, and is not open. */
struct noted {
	struct position position;
	uint64_t batch; /* that tells of it; 0: none yet. Once that is delivered, the positions do. */
};

struct reader {
	const struct log_settings *settings;
	const struct string_map *external_labels;
	struct positions *positions;
	struct sender *sender;
	struct log_counts *counts;
	struct plan **plans; /* one for each source */
	int wake_fd;
	atomic_bool stop;

	struct watch watch;
	struct log_file **files; /* in the order of their discovery */
	size_t n_files, room_files;
	int64_t since_s; /* unknown rotated files that are older are none of ours */
	bool resumed;    /* a former run has left positions */
	bool first;      /* the first look around is still to come */
	bool look;
	int64_t looked_ns;
	int64_t looked_real_s; /* when the last look around began */

	struct streams *streams;
	struct batch *batches[BATCHES];
	struct batch *open;    /* is being filled */
	struct batch *waiting; /* sealed; the sender has another */
	struct batch *sent;    /* the sender's last */
	uint64_t number;       /* of the open batch */
	size_t touched;        /* files in the open batch */
	struct noted noted[NOTED_MAX];
	size_t n_noted;

	char *block;
	struct arena line;
	struct log_pair pairs[LOG_MAX_LABELS + LOG_MAX_METADATA + LOG_MAX_EXTRACTED];
};

/* Looks for files that match, opens what is new, closes what is done. */
void reader_discover(struct reader *r);

/* A file was cut: what has not been read of it may be in a copy beside it. `was`: where it stood. */
void reader_recover_copy(struct reader *r, struct log_file *f, const struct position *was);

/* Closes the file, and forgets it. */
void reader_remove(struct reader *r, size_t i);

/* Gives up deleted files that hold too much of the disk, the oldest first. */
void reader_limit_held(struct reader *r);

/* While nothing may be read: sees that it was cut, before it is cut again. */
void reader_look_blocked(struct reader *r, struct log_file *f);

/* The sink of all pipelines; arg is the file. */
struct pipeline_sink reader_sink(struct log_file *f);

/* True where nothing more may be read now. */
bool reader_blocked(struct reader *r);

/* Counts a file as part of the open batch. */
void reader_touch(struct reader *r, struct log_file *f);

/* Remembers how far a file has been read that is not to be opened. */
void reader_note(struct reader *r, const struct position *p);
bool reader_has_noted(const struct reader *r, uint64_t dev, uint64_t inode);

/* Puts what is read into the sender's hands; false when it has none free. */
bool reader_seal(struct reader *r);

void *reader_run(void *arg);
