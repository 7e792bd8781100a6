/* The pool against mounts that hang on command: paths that begin with "/hang" block while their gate is shut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "collect/statfs_pool.c" // NOLINT(bugprone-suspicious-include): for its statics

enum { GATES = 8 };

static pthread_mutex_t gate_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool shut[GATES];
static int calls[GATES];

static int fake_statfs(const char *path, struct statfs *out)
{
	int gate = strncmp(path, "/hang", 5) ? 0 : path[5] - '0';

	pthread_mutex_lock(&gate_lock);
	calls[gate]++;
	while (shut[gate])
		pthread_cond_wait(&gate_moved, &gate_lock);
	pthread_mutex_unlock(&gate_lock);
	if (!strcmp(path, "/denied")) {
		errno = EACCES;
		return -1;
	}
	*out = (struct statfs){
		.f_bsize = 4096, .f_blocks = 100, .f_bfree = 50, .f_bavail = 40, .f_files = 9, .f_ffree = 7};
	return 0;
}

static void set_gate(int gate, bool to)
{
	pthread_mutex_lock(&gate_lock);
	shut[gate] = to;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate_lock);
}

static int calls_of(int gate)
{
	int n;

	pthread_mutex_lock(&gate_lock);
	n = calls[gate];
	pthread_mutex_unlock(&gate_lock);
	return n;
}

static int threads(void)
{
	DIR CLEANUP_DIR *dir = opendir("/proc/self/task");
	int n = -2; /* . and .. */

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n;
}

/* A condition that must come true within ten seconds. */
static void wait_for(bool (*ready)(int), int arg)
{
	int64_t end = clock_mono_ns() + 10 * NS_PER_S;

	while (!ready(arg)) {
		assert_true(clock_mono_ns() < end);
		usleep(1000);
	}
}

static bool stuck_are(int n)
{
	bool is;

	pthread_mutex_lock(&lock);
	is = (int)n_stuck == n;
	pthread_mutex_unlock(&lock);
	return is;
}

static bool threads_are(int n)
{
	return threads() == n;
}

static int64_t ask(struct statfs_pool *pool, struct statfs_query *q, size_t n, int64_t timeout_ns)
{
	int64_t start = clock_mono_ns();

	statfs_pool_ask(pool, q, n, start + timeout_ns);
	return clock_mono_ns() - start;
}

static struct statfs_pool *new_pool(void)
{
	struct statfs_pool *pool;
	struct err err;

	pthread_mutex_lock(&gate_lock);
	memset(calls, 0, sizeof(calls));
	pthread_mutex_unlock(&gate_lock);
	assert_int_equal(statfs_pool_new_with(&pool, fake_statfs, &err), 0);
	statfs_pool_ask(pool, &(struct statfs_query){.path = "/"}, 1, INT64_MAX);
	return pool;
}

static int base_threads;

static int remember_threads(void **state)
{
	(void)state;
	base_threads = threads();
	return 0;
}

/* Every test ends with all gates open and no helper left. */
static int open_all(void **state)
{
	(void)state;
	for (int i = 0; i < GATES; i++)
		set_gate(i, false);
	wait_for(stuck_are, 0);
	wait_for(threads_are, base_threads);
	return 0;
}

static void answers(void **state)
{
	struct statfs_pool *pool = new_pool();
	struct statfs_query q[] = {{.path = "/"}, {.path = "/denied", .local = true}, {.path = "/"}};

	(void)state;
	for (int i = 0; i < 100; i++)
		ask(pool, q, 3, 10 * NS_PER_S);
	assert_int_equal(q[0].outcome, STATFS_OK);
	assert_int_equal(q[0].size, 409600);
	assert_int_equal(q[0].free, 204800);
	assert_int_equal(q[0].avail, 163840);
	assert_int_equal(q[0].files, 9);
	assert_int_equal(q[0].files_free, 7);
	assert_int_equal(q[1].outcome, STATFS_FAILED);
	assert_int_equal(q[1].error, EACCES);
	assert_int_equal(q[2].outcome, STATFS_OK);
	assert_int_equal(calls_of(0), 301);
	ask(pool, q, 0, NS_PER_S);
	statfs_pool_free(pool);
}

static void real_call(void **state)
{
	struct statfs_query q[] = {{.path = "/"}, {.path = "/no/such/place"}};
	struct statfs_pool *pool;
	struct err err;

	(void)state;
	assert_int_equal(statfs_pool_new(&pool, &err), 0);
	ask(pool, q, 2, 10 * NS_PER_S);
	assert_int_equal(q[0].outcome, STATFS_OK);
	assert_true(q[0].size > 0);
	assert_int_equal(q[1].outcome, STATFS_FAILED);
	assert_int_equal(q[1].error, ENOENT);
	statfs_pool_free(pool);
	statfs_pool_free(NULL);
}

/* One stuck mount: found out within about a second, then free of charge, and back when it recovers. */
static void one_stuck(void **state)
{
	struct statfs_pool *pool = new_pool();
	struct statfs_query q[] = {{.path = "/a"}, {.path = "/hang1"}, {.path = "/b"}, {.path = "/hang1"}};
	int before = threads();
	int64_t took;

	(void)state;
	set_gate(1, true);
	took = ask(pool, q, 4, 30 * NS_PER_S);
	assert_true(took >= STATFS_STUCK_NS && took < 5 * STATFS_STUCK_NS);
	assert_int_equal(q[0].outcome, STATFS_OK);
	assert_int_equal(q[1].outcome, STATFS_STUCK);
	assert_int_equal(q[2].outcome, STATFS_OK);
	assert_int_equal(q[3].outcome, STATFS_STUCK);
	assert_int_equal(threads(), before + 1);
	for (int i = 0; i < 10; i++) {
		assert_true(ask(pool, q, 4, 30 * NS_PER_S) < STATFS_STUCK_NS / 2);
		assert_int_equal(q[1].outcome, STATFS_STUCK);
		assert_int_equal(q[2].outcome, STATFS_OK);
	}
	assert_int_equal(threads(), before + 1);
	assert_int_equal(calls_of(1), 1);

	set_gate(1, false);
	wait_for(stuck_are, 0);
	wait_for(threads_are, before);
	ask(pool, q, 4, 30 * NS_PER_S);
	assert_int_equal(q[1].outcome, STATFS_OK);
	assert_int_equal(q[3].outcome, STATFS_OK);
	statfs_pool_free(pool);
}

/* The deadline holds however slow the mount, and the next batch does not wait behind it. */
static void deadline(void **state)
{
	struct statfs_pool *pool = new_pool();
	struct statfs_query q[] = {{.path = "/hang1"}, {.path = "/a", .local = true}, {.path = "/b"}};
	int before = threads();
	int64_t took;

	(void)state;
	set_gate(1, true);
	took = ask(pool, q, 3, NS_PER_S / 20);
	assert_true(took < STATFS_STUCK_NS / 2);
	assert_int_equal(q[0].outcome, STATFS_STUCK);
	assert_int_equal(q[1].outcome, STATFS_OK);
	assert_int_equal(q[2].outcome, STATFS_STUCK);
	assert_true(ask(pool, q, 3, 30 * NS_PER_S) < STATFS_STUCK_NS / 2);
	assert_int_equal(q[0].outcome, STATFS_STUCK);
	assert_int_equal(q[1].outcome, STATFS_OK);
	assert_int_equal(q[2].outcome, STATFS_OK);
	assert_int_equal(threads(), before + 1);
	assert_int_equal(calls_of(1), 1);
	statfs_pool_free(pool);
}

static void five_stuck(void **state)
{
	struct statfs_query q[] = {{.path = "/hang1"},
	                           {.path = "/hang2"},
	                           {.path = "/hang3"},
	                           {.path = "/hang4"},
	                           {.path = "/hang5"},
	                           {.path = "/net"},
	                           {.path = "/disk", .local = true}};
	struct statfs_pool *pool = new_pool();
	int before = threads();

	(void)state;
	for (int i = 1; i <= 5; i++)
		set_gate(i, true);
	ask(pool, q, 7, 30 * NS_PER_S);
	for (int i = 0; i < 6; i++)
		assert_int_equal(q[i].outcome, STATFS_STUCK);
	assert_int_equal(q[6].outcome, STATFS_OK);
	assert_int_equal(calls_of(4), 1);
	assert_int_equal(calls_of(5), 0);
	assert_int_equal(threads(), before + STATFS_MAX_STUCK);
	assert_true(ask(pool, q, 7, 30 * NS_PER_S) < STATFS_STUCK_NS / 2);
	assert_int_equal(q[5].outcome, STATFS_STUCK);
	assert_int_equal(q[6].outcome, STATFS_OK);

	set_gate(5, false);
	set_gate(2, false);
	wait_for(stuck_are, 3);
	ask(pool, q, 7, 30 * NS_PER_S);
	assert_int_equal(q[1].outcome, STATFS_OK);
	assert_int_equal(q[4].outcome, STATFS_OK);
	assert_int_equal(q[5].outcome, STATFS_OK);
	statfs_pool_free(pool);
}

/* A local disk that hangs as the fifth takes the last helper: nothing is asked and nothing is started until one
 * comes back. */
static void local_stuck_too(void **state)
{
	struct statfs_query q[] = {{.path = "/hang1"},
	                           {.path = "/hang2"},
	                           {.path = "/hang3"},
	                           {.path = "/hang4"},
	                           {.path = "/hang5", .local = true},
	                           {.path = "/disk", .local = true}};
	struct statfs_pool *pool = new_pool();
	int before = threads();

	(void)state;
	for (int i = 1; i <= 4; i++)
		set_gate(i, true);
	ask(pool, q, 6, 30 * NS_PER_S);
	set_gate(5, true);
	ask(pool, q, 6, 30 * NS_PER_S);
	assert_int_equal(q[4].outcome, STATFS_STUCK);
	for (int i = 0; i < 3; i++)
		assert_true(ask(pool, q, 6, 30 * NS_PER_S) < STATFS_STUCK_NS / 2);
	assert_int_equal(q[5].outcome, STATFS_STUCK);
	assert_int_equal(threads(), before + STATFS_MAX_STUCK);

	set_gate(3, false);
	wait_for(stuck_are, 4);
	ask(pool, q, 6, 30 * NS_PER_S);
	assert_int_equal(q[2].outcome, STATFS_STUCK);
	assert_int_equal(q[5].outcome, STATFS_OK);
	assert_int_equal(threads(), before + STATFS_MAX_STUCK);
	statfs_pool_free(pool);
}

/* A reload: the old pool goes while its helper is stuck, and the new one does not ask that mount. */
static void successor(void **state)
{
	struct statfs_query q[] = {{.path = "/hang1"}, {.path = "/a"}};
	struct statfs_pool *pool = new_pool();

	(void)state;
	set_gate(1, true);
	ask(pool, q, 2, NS_PER_S / 20);
	statfs_pool_free(pool);
	wait_for(threads_are, base_threads + 1);
	pool = new_pool();
	assert_true(ask(pool, q, 2, 30 * NS_PER_S) < STATFS_STUCK_NS / 2);
	assert_int_equal(q[0].outcome, STATFS_STUCK);
	assert_int_equal(q[1].outcome, STATFS_OK);
	assert_int_equal(calls_of(1), 0);
	set_gate(1, false);
	wait_for(stuck_are, 0);
	ask(pool, q, 2, 30 * NS_PER_S);
	assert_int_equal(q[0].outcome, STATFS_OK);
	statfs_pool_free(pool);
}

static void *nothing(void *arg)
{
	return arg;
}

/* The thread sanitizer adds a thread of its own beside the first one. */
static int first_thread(void **state)
{
	pthread_t thread;

	(void)state;
	return pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL);
}

#define GATED_TEST(f) cmocka_unit_test_setup_teardown(f, remember_threads, open_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GATED_TEST(answers),    GATED_TEST(real_call),       GATED_TEST(one_stuck), GATED_TEST(deadline),
		GATED_TEST(five_stuck), GATED_TEST(local_stuck_too), GATED_TEST(successor),
	};

	return cmocka_run_group_tests(tests, first_thread, NULL);
}
