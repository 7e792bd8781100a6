/* The least that shipping a log can cost: reads a file in blocks, finds its lines, packs them as Loki wants them and
 * compresses that; sends nothing. Prints the CPU time that this took, in nanoseconds. usage: log_limit FILE */
#include <fcntl.h>
#include <push.pb-c.h>
#include <snappy-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"

enum { BLOCK = 1 << 20, LINES = BLOCK / 2 };

struct limit {
	char *block, *packed, *compressed;
	Push__Entry *entries, **pointers;
	Push__Time *times;
	int64_t ns;
	size_t bytes;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void add(struct limit *l, size_t i, char *line, size_t len)
{
	push__entry__init(&l->entries[i]);
	push__time__init(&l->times[i]);
	l->ns++;
	l->times[i].seconds = l->ns / NS_PER_S;
	l->times[i].nanos = (int32_t)(l->ns % NS_PER_S);
	l->entries[i].timestamp = &l->times[i];
	l->entries[i].line = (ProtobufCBinaryData){len, (uint8_t *)line};
	l->pointers[i] = &l->entries[i];
}

static void push(struct limit *l, size_t n)
{
	Push__Request request = PUSH__REQUEST__INIT;
	Push__Stream stream = PUSH__STREAM__INIT, *streams[] = {&stream};
	size_t len, out;

	stream.labels = (char *)(uintptr_t) "{filename=\"access.log\", service_name=\"access\"}";
	stream.entries = l->pointers;
	stream.n_entries = n;
	request.streams = streams;
	request.n_streams = 1;
	len = push__request__get_packed_size(&request);
	out = snappy_max_compressed_length(len);
	l->packed = must(realloc(l->packed, len));
	l->compressed = must(realloc(l->compressed, out));
	push__request__pack(&request, (uint8_t *)l->packed);
	if (snappy_compress(l->packed, len, l->compressed, &out) != SNAPPY_OK)
		abort();
	l->bytes += out;
}

/* The bytes of whole lines. */
static size_t take(struct limit *l, size_t len)
{
	char *at = l->block, *end;
	size_t n = 0;

	while ((end = memchr(at, '\n', len - (size_t)(at - l->block)))) {
		add(l, n++, at, (size_t)(end - at));
		at = end + 1;
	}
	push(l, n);
	return (size_t)(at - l->block);
}

int main(int argc, char **argv)
{
	int CLEANUP_FD fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct limit l = {.ns = clock_real_ns()};
	off_t offset = 0;
	ssize_t n;

	if (fd < 0) {
		fputs("usage: log_limit FILE\n", stderr);
		return 2;
	}
	l.block = must(malloc(BLOCK));
	l.entries = must(malloc(LINES * sizeof(*l.entries)));
	l.pointers = must(malloc(LINES * sizeof(*l.pointers)));
	l.times = must(malloc(LINES * sizeof(*l.times)));
	while ((n = pread(fd, l.block, BLOCK, offset)) > 0) {
		size_t used = take(&l, (size_t)n);

		if (!used)
			break;
		offset += (off_t)used;
	}
	printf("%lld %lld\n", (long long)clock_ns(CLOCK_PROCESS_CPUTIME_ID), (long long)offset);
	free(l.block);
	free(l.entries);
	free(l.pointers);
	free(l.times);
	free(l.packed);
	free(l.compressed);
	return 0;
}
