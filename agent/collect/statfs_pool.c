#include "collect/statfs_pool.h"

#include <errno.h>

#include "base/buf.h"
#include "base/thread.h"

struct helper {
	struct helper *next; /* among the stuck */
	struct statfs_pool *pool;
	struct buf path;  /* a copy: the query may be gone when the call returns */
	size_t query;     /* what it asks for in the batch under way */
	int64_t since_ns; /* when the call began; 0: in none */
	bool stuck;
};

struct statfs_pool {
	statfs_fn *statfs;
	pthread_cond_t work, done;
	struct helper *active; /* who takes the batch; NULL: all are stuck */
	size_t users;          /* the owner and every helper */
	bool closed;

	struct statfs_query *queries; /* the asker's memory, only there between ask's beginning and end */
	size_t n;
	size_t next; /* counts to 2 * n: local ones first, then the others */
};

/* One lock, and one list of the stuck, for all pools: a reload makes a new pool while the old one's helpers may
 * be stuck for ever, and their mounts are no more to be asked by the new one. It is never held during a call. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct helper *stuck;
static size_t n_stuck;

static bool is_stuck(const char *path)
{
	for (const struct helper *h = stuck; h; h = h->next)
		if (!strcmp(h->path.data, path))
			return true;
	return false;
}

static void declare_stuck(struct helper *h)
{
	h->stuck = true;
	h->next = stuck;
	stuck = h;
	n_stuck++;
	h->pool->active = NULL;
}

static void come_back(struct helper *h)
{
	struct helper **p = &stuck;

	while (*p != h)
		p = &(*p)->next;
	*p = h->next;
	n_stuck--;
}

/* The next query that may be asked; those that may not keep their STATFS_STUCK. */
static struct statfs_query *next_query(struct statfs_pool *pool)
{
	while (pool->queries && pool->next < 2 * pool->n) {
		struct statfs_query *q = &pool->queries[pool->next % pool->n];
		bool local_round = pool->next < pool->n;

		pool->next++;
		if (q->local == local_round && !is_stuck(q->path) && (q->local || n_stuck < STATFS_MAX_STUCK))
			return q;
	}
	return NULL;
}

static void answer(struct statfs_query *q, int error, const struct statfs *st)
{
	uint64_t block = (uint64_t)st->f_bsize;

	q->outcome = error ? STATFS_FAILED : STATFS_OK;
	q->error = error;
	if (error)
		return;
	q->size = st->f_blocks * block;
	q->free = st->f_bfree * block;
	q->avail = st->f_bavail * block;
	q->files = st->f_files;
	q->files_free = st->f_ffree;
}

/* Called with the lock, which is released during the call. */
static void ask_one(struct helper *h, struct statfs_query *q)
{
	struct statfs_pool *pool = h->pool;
	struct statfs st = {0};
	int error;

	buf_reset(&h->path);
	buf_puts(&h->path, q->path);
	h->query = (size_t)(q - pool->queries);
	h->since_ns = clock_mono_ns();
	pthread_mutex_unlock(&lock);
	error = pool->statfs(h->path.data, &st) < 0 ? errno : 0;
	pthread_mutex_lock(&lock);
	h->since_ns = 0;
	if (h->stuck)
		come_back(h);
	else
		answer(&pool->queries[h->query], error, &st);
}

/* Called with the lock. */
static void leave(struct statfs_pool *pool)
{
	if (--pool->users)
		return;
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->done);
	free(pool);
}

static void *help(void *arg)
{
	struct helper *h = arg;
	struct statfs_pool *pool = h->pool;

	pthread_mutex_lock(&lock);
	while (pool->active == h && !pool->closed) {
		struct statfs_query *q = next_query(pool);

		if (q) {
			ask_one(h, q);
			continue;
		}
		if (pool->queries)
			pthread_cond_signal(&pool->done);
		pool->queries = NULL;
		pthread_cond_wait(&pool->work, &lock);
	}
	leave(pool);
	pthread_mutex_unlock(&lock);
	buf_fini(&h->path);
	free(h);
	return NULL;
}

/* Called with the lock. No replacement for the one that is stuck beyond the limit, with a local mount: the number
 * of threads is bounded whatever hangs. */
static int start_helper(struct statfs_pool *pool, struct err *err)
{
	struct helper *h;
	pthread_t thread;

	if (n_stuck > STATFS_MAX_STUCK)
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		abort();
	h->pool = pool;
	buf_init(&h->path, 0);
	if (thread_start(&thread, "statfs", true, help, h, err) < 0) {
		free(h);
		return -1;
	}
	pool->active = h;
	pool->users++;
	return 0;
}

static int64_t min_ns(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Waits until the batch is done; gives up helpers that are in one call for too long. A helper that asks for many
 * wakes nobody in between, so a time-out may find it in a later call and waits on. */
static void wait_for_answers(struct statfs_pool *pool, int64_t deadline_ns)
{
	struct err err;

	while (pool->queries && pool->active) {
		int64_t now = clock_mono_ns();
		int64_t since = pool->active->since_ns ? pool->active->since_ns : now;
		int64_t until = min_ns(since + STATFS_STUCK_NS, deadline_ns);
		struct timespec ts = {until / NS_PER_S, until % NS_PER_S};

		if (now < until) {
			pthread_cond_timedwait(&pool->done, &lock, &ts);
			continue;
		}
		if (pool->active->since_ns) {
			declare_stuck(pool->active);
			/* a replacement that cannot be started now is tried again by the next ask */
			if (start_helper(pool, &err) < 0)
				return;
		}
		if (now >= deadline_ns)
			return;
	}
}

void statfs_pool_ask(struct statfs_pool *pool, struct statfs_query *queries, size_t n, int64_t deadline_ns)
{
	struct err err;
	int failed = 0;

	pthread_mutex_lock(&lock);
	if (!pool->active)
		failed = start_helper(pool, &err);
	for (size_t i = 0; i < n; i++) {
		queries[i].outcome = failed ? STATFS_FAILED : STATFS_STUCK;
		queries[i].error = failed ? EAGAIN : 0;
	}
	if (n && pool->active) {
		pool->queries = queries;
		pool->n = n;
		pool->next = 0;
		pthread_cond_signal(&pool->work);
		wait_for_answers(pool, deadline_ns);
		pool->queries = NULL;
	}
	pthread_mutex_unlock(&lock);
}

int statfs_pool_new_with(struct statfs_pool **out, statfs_fn *fn, struct err *err)
{
	struct statfs_pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attr;

	if (!pool)
		return err_set(err, "no memory for a statfs pool");
	pool->statfs = fn;
	pool->users = 1;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->done, &attr);
	pthread_condattr_destroy(&attr);
	pthread_cond_init(&pool->work, NULL);
	*out = pool;
	return 0;
}

int statfs_pool_new(struct statfs_pool **out, struct err *err)
{
	return statfs_pool_new_with(out, statfs, err);
}

void statfs_pool_free(struct statfs_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&lock);
	pool->closed = true;
	pthread_cond_signal(&pool->work);
	leave(pool);
	pthread_mutex_unlock(&lock);
}
