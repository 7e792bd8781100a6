/* The bare limit of a scrape: only reads the files named on standard input, ROUNDS times, and prints the CPU
 * milliseconds per round, first with descriptors kept open, then opening and closing each file each time.
 * usage: bare_reads ROUNDS */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MAX_FILES = 4096 };

static char buffer[1 << 20];

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* To the end: the kernel hands out large texts of /proc in pieces. What sysfs has comes in one. */
static void read_all(int fd, int in_sysfs)
{
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buffer, sizeof(buffer), at)) > 0 && !in_sysfs)
		at += n;
}

int main(int argc, char **argv)
{
	static char *paths[MAX_FILES];
	static int fds[MAX_FILES];
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	char line[4096];
	int n = 0;
	double start, kept;

	while (n < MAX_FILES && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		fds[n] = open(line, O_RDONLY | O_CLOEXEC);
		if (fds[n] >= 0)
			paths[n++] = strdup(line);
	}
	start = cpu_ms();
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++)
			read_all(fds[i], !strncmp(paths[i], "/sys/", 5));
	kept = (cpu_ms() - start) / rounds;
	start = cpu_ms();
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < n; i++) {
			int fd = open(paths[i], O_RDONLY | O_CLOEXEC);

			read_all(fd, !strncmp(paths[i], "/sys/", 5));
			close(fd);
		}
	printf("%d %.4f %.4f\n", n, kept, (cpu_ms() - start) / rounds);
	return 0;
}
