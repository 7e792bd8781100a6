/* A journal as one more log that is followed: its offsets count entries since it was opened, and each stands for a
 * cursor. Only the reader's thread. */
#pragma once

#include "logs/batch.h"
#include "logs/journal.h"

struct reader;
struct log_file;
struct reading;

enum { CURSORS_KEPT = 256 };

struct journal_log {
	struct journal *journal; /* NULL: it could not be opened yet, or not again */
	struct cursor last;      /* of the entry that was read last */
	bool names_service;      /* the settings do not */
	bool complained;
	char cursors[CURSORS_KEPT][CURSOR_MAX]; /* of the latest entries, by offset */
};

/* By what its cursor is known: what goes on being followed when other sources come or go. Either may be NULL. */
uint64_t journal_log_key(const char *source_name, const char *journal_directory);

struct journal_log *journal_log_new(const struct log_source *source, struct positions *positions);
void journal_log_free(struct journal_log *j); /* NULL is allowed */

/* Opens it, where it is not open; what is wrong is said once. */
void journal_log_look(struct journal_log *j, const struct log_source *source);

/* Reads some entries. True when there may be more. */
bool journal_log_read(struct journal_log *j, struct reader *r, struct log_file *f);

/* The nearest offset up to `settled` for which there is a cursor; `recorded` where there is none. */
uint64_t journal_log_known(const struct journal_log *j, uint64_t settled, uint64_t recorded, uint64_t offset);

/* How far it is delivered once the batch is. False when there is no room. */
bool journal_log_record(const struct journal_log *j, uint64_t settled, struct batch *b);
