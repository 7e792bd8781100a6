/* The bare limit of merging workers' files without mapping them: opens each file of a directory, reads what its first
 * four bytes say that it holds, closes it, ROUNDS times; and adds nothing up. Prints the CPU milliseconds per round.
 * usage: bare_workers DIRECTORY ROUNDS */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FILES = 16384, FIRST = 4096 };

static char buffer[1 << 24], *names[MAX_FILES];

static void read_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = pread(fd, buffer, FIRST, 0);
	uint32_t used = 0;

	if (n >= (ssize_t)sizeof(used))
		memcpy(&used, buffer, sizeof(used));
	if (used > FIRST && used < sizeof(buffer) && pread(fd, buffer + FIRST, used - FIRST, FIRST) < 0)
		perror(name);
	close(fd);
}

int main(int argc, char **argv)
{
	int n = 0, rounds = argc == 3 ? atoi(argv[2]) : 0;
	DIR *dir = rounds > 0 ? opendir(argv[1]) : NULL;
	struct timespec cpu;

	if (!dir) {
		fputs("usage: bare_workers DIRECTORY ROUNDS\n", stderr);
		return 2;
	}
	for (struct dirent *d; (d = readdir(dir)) && n < MAX_FILES;)
		if (d->d_name[0] != '.')
			names[n++] = strdup(d->d_name);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			read_file(dirfd(dir), names[i]);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("%.3f\n", ((double)cpu.tv_sec * 1e3 + (double)cpu.tv_nsec / 1e6) / rounds);
	for (int i = 0; i < n; i++)
		free(names[i]);
	closedir(dir);
	return 0;
}
