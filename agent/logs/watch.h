/* Which files have changed, told by inotify. Where that is not to be had, the reader looks around more often. */
#pragma once

#include <stdbool.h>

struct watch {
	int fd;          /* -1: no inotify */
	bool incomplete; /* something could not be watched */
};

void watch_init(struct watch *w);
void watch_fini(struct watch *w);

/* The number that events name it by, -1 where it cannot be watched. The same again for the same file. */
int watch_file(struct watch *w, const char *path);
void watch_directory(struct watch *w, const char *path);
void watch_forget(struct watch *w, int number);

/* Calls changed(arg, number) for each file that has; true when directories have changed or events were lost. */
bool watch_read(struct watch *w, void (*changed)(void *arg, int number), void *arg);
