#include "logs/watch.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	FILE_EVENTS = IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF,
	DIRECTORY_EVENTS = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR,
	ROUNDS_MAX = 16,
};

void watch_init(struct watch *w)
{
	*w = (struct watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
	w->incomplete = w->fd < 0;
}

void watch_fini(struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static int add(struct watch *w, const char *path, uint32_t events)
{
	int number;

	if (w->fd < 0)
		return -1;
	number = inotify_add_watch(w->fd, path, events);
	if (number < 0 && errno != ENOENT && errno != ENOTDIR)
		w->incomplete = true;
	return number;
}

int watch_file(struct watch *w, const char *path)
{
	return add(w, path, FILE_EVENTS);
}

void watch_directory(struct watch *w, const char *path)
{
	add(w, path, DIRECTORY_EVENTS);
}

void watch_forget(struct watch *w, int number)
{
	if (w->fd >= 0 && number >= 0)
		inotify_rm_watch(w->fd, number);
}

bool watch_read(struct watch *w, void (*changed)(void *arg, int number), void *arg)
{
	alignas(struct inotify_event) char events[8192];
	bool look = false;

	for (int round = 0; w->fd >= 0 && round < ROUNDS_MAX; round++) {
		ssize_t n = read(w->fd, events, sizeof(events));

		if (n <= 0)
			break;
		for (char *at = events; at < events + n;) {
			const struct inotify_event *e = (const void *)at;

			if (e->mask & (DIRECTORY_EVENTS | IN_MOVE_SELF | IN_ATTRIB | IN_Q_OVERFLOW))
				look = true;
			if (e->mask & IN_MODIFY)
				changed(arg, e->wd);
			at += sizeof(*e) + e->len;
		}
	}
	return look;
}
