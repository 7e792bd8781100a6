#include "logs/pipe_file.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pipe_file *pipe_file_standard_input(void)
{
	static struct pipe_file only = {.fd = STDIN_FILENO};

	if (!only.kept)
		only.kept = malloc(PIPE_KEPT);
	if (!only.kept)
		abort();
	memset(only.marks, 0, sizeof(only.marks));
	return &only;
}

void pipe_file_mark(struct pipe_file *p, uint64_t number, uint64_t offset)
{
	p->marks[number % PIPE_MARKS] = (struct pipe_mark){number, offset};
}

/* Moves the rest only when that makes much room. */
static void forget(struct pipe_file *p, uint64_t delivered)
{
	uint64_t until = p->offset;
	size_t done;

	for (size_t i = 0; i < PIPE_MARKS; i++)
		if (p->marks[i].number <= delivered && p->marks[i].offset > until)
			until = p->marks[i].offset;
	done = (size_t)(until - p->offset);
	if (done < p->n && p->n < PIPE_KEPT / 2)
		return;
	memmove(p->kept, p->kept + done, p->n - done);
	p->n -= done;
	p->offset = until;
}

/* Asked each time: the descriptor's flags are not ours alone to change. */
static bool is_ready(const struct pipe_file *p)
{
	struct pollfd fd = {p->fd, POLLIN, 0};

	return poll(&fd, 1, 0) > 0;
}

uint64_t pipe_file_fill(struct pipe_file *p, uint64_t delivered)
{
	forget(p, delivered);
	while (pipe_file_open(p) && is_ready(p)) {
		ssize_t got = read(p->fd, p->kept + p->n, PIPE_KEPT - p->n);

		if (got < 0 && errno == EINTR)
			continue;
		p->ended = got <= 0;
		p->n += got > 0 ? (size_t)got : 0;
	}
	return p->offset + p->n;
}

bool pipe_file_open(const struct pipe_file *p)
{
	return !p->ended && p->n < PIPE_KEPT;
}

ssize_t pipe_file_read(const struct pipe_file *p, char *out, size_t n, uint64_t offset)
{
	size_t from = (size_t)(offset - p->offset);

	n = n < p->n - from ? n : p->n - from;
	memcpy(out, p->kept + from, n);
	return (ssize_t)n;
}
