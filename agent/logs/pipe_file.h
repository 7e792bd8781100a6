/* Standard input as one more log that is followed: what has been read of it is kept until it is delivered. Offsets
 * count from its beginning. There is one, and it outlives a reload of the settings; only the reader's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PIPE_KEPT = 4 * 1024 * 1024, PIPE_MARKS = 4 /* as many pushes as there are batches, and one */ };

struct pipe_file {
	int fd;
	bool ended;
	char *kept;
	size_t n;
	uint64_t offset; /* of the first byte that is kept */
	struct pipe_mark {
		uint64_t number, offset; /* the push up to which it will be delivered */
	} marks[PIPE_MARKS];
};

/* For a new reader, which begins at its offset. */
struct pipe_file *pipe_file_standard_input(void);

/* All before the offset goes with that push. */
void pipe_file_mark(struct pipe_file *p, uint64_t number, uint64_t offset);

/* Takes in what is there, without waiting, for as long as there is room; `delivered` is the number of the last push
 * that is. Up to where there is something. */
uint64_t pipe_file_fill(struct pipe_file *p, uint64_t delivered);

/* Whether it makes sense to wait for more. */
bool pipe_file_open(const struct pipe_file *p);

/* As pread, of what is kept. */
ssize_t pipe_file_read(const struct pipe_file *p, char *out, size_t n, uint64_t offset);
