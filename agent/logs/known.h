/* Which files are known: those that are open, those of a former run, those that are copies of another; and where to
 * read on in each. Only the reader's thread. */
#pragma once

#include "logs/reader.h"

/* The open one of that place; NULL where there is none. */
struct log_file *known_find(const struct reader *r, uint64_t dev, uint64_t inode);

/* Sets where it was left: by its place, or, with `copies`, by its first bytes. True where it is known. */
bool known_take_up(struct reader *r, struct log_file *f, bool copies);

/* The file becomes one of the reader's. `path`: where it is now; NULL for what is no file. */
void known_adopt(struct reader *r, struct log_file *f, const char *path);

/* A rotated file whose text is being read already, from the file it is a copy of. */
bool known_is_twin(const struct reader *r, struct log_file *copy, const char *path);

/* Opens what was rotated away from beside `real` where we did not see it: known and unfinished, or younger than our
 * last look, the oldest first. They are shown as `path`. What `names`, the source's pattern, matches is found by
 * itself. */
void known_open_rotated(struct reader *r, const struct log_source *source, const char *path, const char *real,
                        const char *names);
