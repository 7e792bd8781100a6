/* Entries out of what has been read of a file, on their way into its stages. Only the reader's thread. */
#pragma once

#include "logs/reader.h"

/* Lives for a block, or for some entries. */
struct reading {
	struct reader *r;
	struct log_file *f;
	struct log_entry entry;
	bool ascii; /* no text of it can be invalid UTF-8 */
	int64_t now_ns;
};

void reading_begin(struct reading *g, struct reader *r, struct log_file *f);

/* The next entry, with what all of the file's have: its labels, and the time of reading. */
void reading_entry(struct reading *g);

/* Sends the entry on, with this text; `end` is the offset behind it. Its arena is empty afterwards. */
void reading_push(struct reading *g, struct span line, uint64_t end);

/* Both, for a line that is an entry. */
void reading_line(struct reading *g, struct span line, uint64_t end);

/* All whole lines of a block that begins at the file's offset, which moves behind them; stops when the reader must. */
void reading_block(struct reading *g, struct span rest);
