/* The positions file, whatever is in it: it is read, and what has been read is written and read again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "logs/positions.h"

static char directory[] = "/dev/shm/fuzz-positions-XXXXXX", path[64];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void clean_up(void)
{
	char aside[96];

	snprintf(aside, sizeof(aside), "%s.corrupt", path);
	unlink(aside);
	unlink(path);
	rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!mkdtemp(directory))
		abort();
	snprintf(path, sizeof(path), "%s/positions", directory);
	return atexit(clean_up);
}

static void fill(const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	if (!f)
		abort();
	fputs("vedette positions 1\n", f);
	fwrite(data, 1, size, f);
	fclose(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct position position = {1, 2, 3, 4, 5, 6}, found;
	struct checkpoint c = {.number = 1, .files = &position, .n_files = 1};
	struct buf CLEANUP_BUF group = {0};
	struct positions *p;
	struct err err;
	bool corrupt;

	fill(data, size);
	p = positions_open(directory, &corrupt);
	c.number = positions_number(p) + 1;
	checkpoint_write(&c, &group);
	if (positions_commit(p, (struct span){group.data, group.len}, &err) < 0)
		abort();
	positions_close(p);
	p = positions_open(directory, &corrupt);
	if (corrupt || positions_number(p) != c.number || !positions_find(p, 1, 2, &found) || found.offset != 5)
		abort();
	positions_close(p);
	return 0;
}
