/* The bare limit of a scrape: only reads the files named on standard input, ROUNDS times, and prints the CPU
 * milliseconds per round: with descriptors kept open, in a loop; the same with a pause between rounds, since a
 * program that sleeps between scrapes never finds its caches and branch predictors warm; and opening and closing each
 * file each time.
 * usage: bare_reads ROUNDS */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_FILES = 4096, CHUNK = 65536, PAUSE_US = 1000 };

static char buffer[1 << 24];

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* As few bytes of room as will do: for the files of /proc/sys the kernel clears as much as was asked for. What
 * fills less than half of the room is all there is. */
static void read_all(int fd, size_t *size)
{
	size_t room = *size * 2 < 4096 ? 4096 : *size * 2;
	ssize_t n = pread(fd, buffer, room, 0);
	size_t at = n > 0 ? (size_t)n : 0;

	if (at >= room / 2)
		while ((n = pread(fd, buffer + at, sizeof(buffer) - at < CHUNK ? sizeof(buffer) - at : CHUNK,
		                  (off_t)at)) > 0)
			at += (size_t)n;
	*size = at;
}

static void read_kept(const int *fds, size_t *sizes, int n)
{
	for (int i = 0; i < n; i++)
		read_all(fds[i], &sizes[i]);
}

static void open_and_read(char *const *paths, size_t *sizes, int n)
{
	for (int i = 0; i < n; i++) {
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

		read_all(fd, &sizes[i]);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	static char *paths[MAX_FILES];
	static int fds[MAX_FILES];
	static size_t sizes[MAX_FILES];
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	char line[4096];
	int n = 0;
	double start, kept, paced;

	while (n < MAX_FILES && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		fds[n] = open(line, O_RDONLY | O_CLOEXEC);
		if (fds[n] >= 0)
			paths[n++] = strdup(line);
	}
	start = cpu_ms();
	for (int round = 0; round < rounds; round++)
		read_kept(fds, sizes, n);
	kept = (cpu_ms() - start) / rounds;
	start = cpu_ms();
	for (int round = 0; round < rounds; round++) {
		usleep(PAUSE_US);
		read_kept(fds, sizes, n);
	}
	paced = (cpu_ms() - start) / rounds;
	start = cpu_ms();
	for (int round = 0; round < rounds; round++)
		open_and_read(paths, sizes, n);
	printf("%d %.4f %.4f %.4f\n", n, kept, paced, (cpu_ms() - start) / rounds);
	return 0;
}
