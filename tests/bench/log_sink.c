/* Stands for Loki where only the agent is measured: answers 204 to each push at once, and looks into none. It prints
 * its port, and then a line for each push: when it was complete, in nanoseconds of the monotonic clock, and its bytes.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { HEAD = 16 * 1024, BODY = 256 * 1024 };

static size_t length_of(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");

	return at ? strtoul(at + 17, NULL, 10) : 0;
}

/* Reads a head, and says how much of the body came with it. False: the client has gone. */
static bool read_head(int fd, char head[HEAD], size_t *more)
{
	size_t len = 0;
	char *end;

	for (;;) {
		ssize_t n = recv(fd, head + len, HEAD - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		head[len] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (end) {
			*more = len - (size_t)(end + 4 - head);
			return true;
		}
	}
}

static bool serve_one(int fd, char *buffer)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n", done[] = "HTTP/1.1 204 No Content\r\n\r\n";
	size_t had, length;

	if (!read_head(fd, buffer, &had))
		return false;
	length = length_of(buffer);
	if (strcasestr(buffer, "\r\nExpect: 100") && !had)
		(void)!send(fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL);
	for (size_t left = length - had; left;) {
		ssize_t n = recv(fd, buffer, left < BODY ? left : BODY, 0);

		if (n <= 0)
			return false;
		left -= (size_t)n;
	}
	printf("%lld %zu\n", (long long)clock_mono_ns(), length);
	return send(fd, done, sizeof(done) - 1, MSG_NOSIGNAL) > 0;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char *buffer = malloc(BODY);

	while (buffer && serve_one(fd, buffer))
		;
	free(buffer);
	close(fd);
	return NULL;
}

int main(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 64) < 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) < 0)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%d\n", ntohs(at.sin_port));
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0 || pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) != 0)
			return 1;
		pthread_detach(thread);
	}
}
