#include "net/resolve.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"

struct resolver {
	lookup_fn *look_up;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	int refs; /* the owner, and the helper while it asks */
	bool asking;
	char host[RESOLVE_NAME_MAX]; /* what is or was asked */
	struct addresses addresses;
	int error; /* of getaddrinfo; 0: addresses hold the answer */
};

static int ask_system(const char *host, struct addresses *out)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	int error = getaddrinfo(host, NULL, &hints, &found);

	if (error)
		return error;
	for (const struct addrinfo *i = found; i && out->n < RESOLVE_MAX; i = i->ai_next)
		if (!getnameinfo(i->ai_addr, i->ai_addrlen, out->text[out->n], RESOLVE_ADDRESS_MAX, NULL, 0,
		                 NI_NUMERICHOST))
			out->n++;
	freeaddrinfo(found);
	return out->n ? 0 : EAI_NONAME;
}

struct resolver *resolver_new_with(lookup_fn *look_up)
{
	struct resolver *r = calloc(1, sizeof(*r));
	pthread_condattr_t attr;

	if (!r)
		abort();
	r->look_up = look_up;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->answered, &attr);
	pthread_condattr_destroy(&attr);
	r->refs = 1;
	return r;
}

struct resolver *resolver_new(void)
{
	return resolver_new_with(ask_system);
}

static void unref(struct resolver *r)
{
	bool last;

	pthread_mutex_lock(&r->lock);
	last = --r->refs == 0;
	pthread_mutex_unlock(&r->lock);
	if (!last)
		return;
	pthread_cond_destroy(&r->answered);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void resolver_free(struct resolver *r)
{
	if (r)
		unref(r);
}

/* r->host is not written while a helper is at work. */
static void *help(void *arg)
{
	struct resolver *r = arg;
	struct addresses found = {0};
	int error = r->look_up(r->host, &found);

	pthread_mutex_lock(&r->lock);
	r->asking = false;
	r->error = error;
	r->addresses = found;
	pthread_cond_signal(&r->answered);
	pthread_mutex_unlock(&r->lock);
	unref(r);
	return NULL;
}

/* With the lock: until the helper has answered, whatever it was asked. */
static int await(struct resolver *r, int64_t deadline_ns)
{
	struct timespec until = {deadline_ns / NS_PER_S, deadline_ns % NS_PER_S};
	int rc = 0;

	while (r->asking && !rc)
		rc = pthread_cond_timedwait(&r->answered, &r->lock, &until);
	return r->asking ? -1 : 0;
}

/* With the lock. */
static int ask(struct resolver *r, const char *host, struct err *err)
{
	pthread_t thread;

	strcpy(r->host, host);
	r->asking = true;
	r->refs++;
	if (thread_start(&thread, "resolve", true, help, r, err) == 0)
		return 0;
	r->asking = false;
	r->refs--;
	return -1;
}

/* With the lock. A question that nobody has answered yet is waited for first. */
static int resolve_locked(struct resolver *r, const char *host, int64_t deadline_ns, struct addresses *out, bool *late,
                          struct err *err)
{
	bool same = r->asking && !strcmp(r->host, host);

	*late = await(r, deadline_ns) < 0;
	if (!*late && !same) {
		if (ask(r, host, err) < 0)
			return -1;
		*late = await(r, deadline_ns) < 0;
	}
	if (*late)
		return err_set(err, "%.100s: the name servers did not answer in time", host);
	if (r->error)
		return err_set(err, "%.100s: name not found: %s", host, gai_strerror(r->error));
	*out = r->addresses;
	return 0;
}

static bool is_address(const char *host)
{
	unsigned char any[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, any) == 1 || inet_pton(AF_INET6, host, any) == 1;
}

int resolve(struct resolver *r, const char *host, int64_t deadline_ns, struct addresses *out, bool *late,
            struct err *err)
{
	int rc;

	*late = false;
	if (strlen(host) >= RESOLVE_NAME_MAX)
		return err_set(err, "%.64s...: the name is too long", host);
	if (is_address(host)) {
		out->n = 1;
		strcpy(out->text[0], host);
		return 0;
	}
	pthread_mutex_lock(&r->lock);
	rc = resolve_locked(r, host, deadline_ns, out, late, err);
	pthread_mutex_unlock(&r->lock);
	return rc;
}
