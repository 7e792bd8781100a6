/* The machine's journal, through libsystemd.
 *
 * Opens what is there, follows what is added, and goes on behind whatever is damaged. Only the reader's thread; the
 * settings outlive it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/scan.h"
#include "logs/positions.h"
#include "logs/settings.h"

struct journal;

enum { JOURNAL_FIELDS = 12 };

struct journal_entry {
	int64_t timestamp_ns; /* when it was written, by the clock of the machine */
	struct span message;
	bool damaged; /* it had a message that cannot be read */
	struct journal_field {
		struct span name, value; /* the name as stages know it; a missing one's value has no bytes */
	} fields[JOURNAL_FIELDS];
};

/* From behind the cursor, or, where that is empty, from max_age ago. -1: there is none (yet), or it may not be read;
 * err says what to do. *moved: the cursor's entry is gone, and it goes on with the next. */
MUST_CHECK int journal_open(struct journal **out, const struct log_journal_source *settings, const char *cursor,
                            bool *moved, struct err *err);
void journal_close(struct journal *j); /* NULL is allowed */

/* The next entry, its texts in the arena, with a name for each of JOURNAL_FIELDS. 1, 0: there is none now, -1: open it
 * anew, behind the last cursor. */
MUST_CHECK int journal_next(struct journal *j, struct arena *a, struct journal_entry *out, struct err *err);

/* Where the last entry is; false where that cannot be told. */
bool journal_cursor(struct journal *j, char out[CURSOR_MAX]);

int journal_fd(const struct journal *j);

/* After its descriptor has been ready: true where there may be something new. */
bool journal_changed(struct journal *j);
