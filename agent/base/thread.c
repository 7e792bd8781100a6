#include "base/thread.h"

#include <errno.h>
#include <signal.h>

#include "base/clock.h"

struct start {
	char name[16];
	void *(*fn)(void *);
	void *arg;
};

static void *begin(void *arg)
{
	struct start start = *(struct start *)arg;

	free(arg);
	pthread_setname_np(pthread_self(), start.name);
	return start.fn(start.arg);
}

static int create(pthread_t *out, bool detached, struct start *start)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
	pthread_attr_setdetachstate(&attr, detached ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(out, &attr, begin, start);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

int thread_start(pthread_t *out, const char *name, bool detached, void *(*fn)(void *), void *arg, struct err *err)
{
	struct start *start = malloc(sizeof(*start));

	if (!start)
		abort();
	*start = (struct start){.fn = fn, .arg = arg};
	snprintf(start->name, sizeof(start->name), "%s", name);
	errno = create(out, detached, start);
	if (!errno)
		return 0;
	free(start);
	return err_errno(err, "starting thread %s", name);
}

bool thread_join(pthread_t thread, int64_t deadline_ns)
{
#ifdef __SANITIZE_THREAD__ /* which does not know the other one, and would see races with what has ended */
	(void)deadline_ns;
	return pthread_join(thread, NULL) == 0;
#else
	struct timespec ts = {deadline_ns / NS_PER_S, deadline_ns % NS_PER_S};

	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &ts) == 0;
#endif
}
