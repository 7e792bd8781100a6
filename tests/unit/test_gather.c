/* Lanes and gathers, with collectors that obey this test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "collect/gather.h"

static const struct metric_desc quick_metrics[] = {{"quick_value", "A number."}, {0}};
static const struct metric_desc slow_metrics[] = {{"slow_value", "A number."}, {0}};

static atomic_int quick_runs, slow_runs, released;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_moved = PTHREAD_COND_INITIALIZER;
static bool gate_closed;
static int inside;

static int quick(struct probe *p, struct sample_set *set, struct err *err)
{
	(void)p;
	(void)err;
	quick_runs++;
	sample_add(set, &quick_metrics[0], 7, NO_LABELS);
	return 0;
}

/* Stays in the gate while it is closed, as a system call on a dead server would. */
static int slow(struct probe *p, struct sample_set *set, struct err *err)
{
	(void)p;
	(void)err;
	slow_runs++;
	pthread_mutex_lock(&gate);
	inside++;
	pthread_cond_broadcast(&gate_moved);
	while (gate_closed)
		pthread_cond_wait(&gate_moved, &gate);
	inside--;
	pthread_mutex_unlock(&gate);
	sample_add(set, &slow_metrics[0], 9, NO_LABELS);
	return 0;
}

static int broken(struct probe *p, struct sample_set *set, struct err *err)
{
	(void)p;
	(void)set;
	return err_set(err, "/proc/thing: line 3 makes no sense");
}

static const struct collector quick_collector = {.name = "quick", .metrics = quick_metrics, .collect = quick};
static const struct collector broken_collector = {.name = "broken", .metrics = quick_metrics, .collect = broken};
static const struct collector slow_collector = {
	.name = "slow", .metrics = slow_metrics, .collect = slow, .lane = "aside"};
static const struct exporter exporter = {.name = "test", .job = "test"};
static const struct enabled_collector enabled[] = {{&quick_collector, NULL}, {&slow_collector, NULL}};
static const struct enabled_collector failing[] = {{&broken_collector, NULL}, {&quick_collector, NULL}};
static const struct target targets[] = {
	{.exporter = &exporter, .collectors = enabled, .n_collectors = 2},
	{.exporter = &exporter, .name = "two", .collectors = failing, .n_collectors = 2},
};
static const struct roots roots = {"/proc", "/sys", ""};

static void set_gate(bool closed)
{
	pthread_mutex_lock(&gate);
	gate_closed = closed;
	pthread_cond_broadcast(&gate_moved);
	pthread_mutex_unlock(&gate);
}

static void count_release(void *owner)
{
	(void)owner;
	released++;
}

static struct fleet *new_fleet(size_t n)
{
	struct fleet *fleet;
	struct err err;

	assert_int_equal(fleet_new(&fleet, targets, n, &roots, count_release, NULL, &err), 0);
	return fleet;
}

/* Its settings are released by whichever thread leaves last: wait for that, so that no test sees another's. */
static void end_fleet(struct fleet *fleet)
{
	int before = released;

	fleet_stop(fleet);
	assert_true(fleet_drain(fleet, clock_mono_ns() + 60 * NS_PER_S));
	fleet_unref(fleet);
	while (released == before)
		sched_yield();
}

static struct gather *start(struct fleet *fleet, int64_t timeout_ns)
{
	struct gather_request rq = {.deadline_ns = clock_mono_ns() + timeout_ns, .event_fd = -1};
	struct err err;
	struct gather *g = gather_start(fleet, &rq, &err);

	assert_non_null(g);
	return g;
}

static char *finish(struct gather *g)
{
	struct buf out = {0};
	size_t len;

	gather_wait(g);
	gather_write(g, EXPOSITION_TEXT, NULL, &out);
	gather_free(g);
	buf_puts(&out, "");
	return buf_take(&out, &len);
}

static char *state(struct fleet *fleet)
{
	struct arena a = {0};
	struct sample_set set;
	const struct sample_set *sets[] = {&set};
	struct buf out = {0};
	size_t len;

	sample_set_init(&set, &a, NULL);
	fleet_samples(fleet, &set);
	exposition_write(&out, EXPOSITION_TEXT, &a, sets, 1);
	arena_fini(&a);
	buf_puts(&out, "");
	return buf_take(&out, &len);
}

static void has(char *text, const char *part, bool expected)
{
	if ((strstr(text, part) != NULL) != expected)
		fail_msg("%s \"%s\" in:\n%s", expected ? "missing" : "unexpected", part, text);
}

static void test_all_lanes_answer(void **unused)
{
	struct fleet *fleet = new_fleet(2);
	char *text = finish(start(fleet, 60 * NS_PER_S));
	char *own;

	(void)unused;
	has(text, "\nquick_value 7\n", true);
	has(text, "\nquick_value{target=\"two\"} 7\n", true);
	has(text, "\nslow_value 9\n", true);
	free(text);
	own = state(fleet);
	has(own, "vedette_target_up{exporter=\"test\",target=\"\"} 1\n", true);
	has(own, "vedette_target_up{exporter=\"test\",target=\"aside\"} 1\n", true);
	has(own, "vedette_collector_success{exporter=\"test\",target=\"two\",collector=\"broken\"} 0\n", true);
	has(own, "vedette_collector_success{exporter=\"test\",target=\"two\",collector=\"quick\"} 1\n", true);
	has(own, "error=\"broken: /proc/thing: line 3 makes no sense\"} 1\n", true);
	free(own);
	end_fleet(fleet);
}

static void test_late_lane_costs_nobody_else(void **unused)
{
	struct fleet *fleet = new_fleet(1);
	int before = slow_runs;
	char *text;

	(void)unused;
	set_gate(true);
	text = finish(start(fleet, 50 * NS_PER_MS));
	has(text, "\nquick_value 7\n", true);
	has(text, "slow_value", false);
	free(text);
	for (int i = 0; i < 10; i++) {
		/* a scrape that waited for the stuck lane would not end before its minute is over */
		text = finish(start(fleet, 60 * NS_PER_S));
		has(text, "\nquick_value 7\n", true);
		has(text, "slow_value", false);
		free(text);
	}
	assert_int_equal(slow_runs, before + 1);
	text = state(fleet);
	has(text, "vedette_target_up{exporter=\"test\",target=\"aside\"} 0\n", true);
	has(text, "vedette_collector_success{exporter=\"test\",target=\"aside\",collector=\"slow\"} 0\n", true);
	has(text, "vedette_collector_timeouts_total{exporter=\"test\",target=\"aside\",collector=\"slow\"} 1\n", true);
	free(text);

	set_gate(false);
	do
		text = finish(start(fleet, 60 * NS_PER_S));
	while (!strstr(text, "slow_value 9") && (free(text), true));
	free(text);
	text = state(fleet);
	has(text, "vedette_target_up{exporter=\"test\",target=\"aside\"} 1\n", true);
	free(text);
	end_fleet(fleet);
}

static void test_scrapes_share_a_run(void **unused)
{
	struct fleet *fleet = new_fleet(1);
	struct gather *g[8];
	int before = slow_runs;

	(void)unused;
	set_gate(true);
	for (int i = 0; i < 8; i++)
		g[i] = start(fleet, 60 * NS_PER_S);
	set_gate(false);
	for (int i = 0; i < 8; i++) {
		char *text = finish(g[i]);

		has(text, "slow_value 9", true);
		free(text);
	}
	assert_int_equal(slow_runs, before + 1);
	end_fleet(fleet);
}

static void test_filter(void **unused)
{
	struct fleet *fleet = new_fleet(2);
	const char *const only[] = {"slow", NULL};
	struct gather_request rq = {.deadline_ns = clock_mono_ns() + 60 * NS_PER_S, .event_fd = -1, .collect = only};
	struct err err;
	int before = quick_runs;
	char *text;

	(void)unused;
	text = finish(gather_start(fleet, &rq, &err));
	has(text, "slow_value", true);
	has(text, "quick_value", false);
	free(text);
	rq.collect = NULL;
	rq.exclude = only;
	text = finish(gather_start(fleet, &rq, &err));
	has(text, "slow_value", false);
	has(text, "quick_value", true);
	free(text);
	assert_int_equal(quick_runs, before + 2);
	end_fleet(fleet);
}

/* `broken` left out, the lane of "two" succeeds; that must not become its last state. */
static void test_filter_does_not_publish(void **unused)
{
	struct fleet *fleet = new_fleet(2);
	const char *const only[] = {"quick", NULL};
	struct gather_request rq = {.exporter = "test",
	                            .target = "two",
	                            .collect = only,
	                            .event_fd = -1,
	                            .deadline_ns = clock_mono_ns() + 60 * NS_PER_S};
	struct err err;
	char *text;

	(void)unused;
	free(finish(start(fleet, 60 * NS_PER_S)));
	free(finish(gather_start(fleet, &rq, &err)));
	text = state(fleet);
	has(text, "vedette_collector_success{exporter=\"test\",target=\"two\",collector=\"broken\"} 0\n", true);
	has(text, "error=\"broken:", true);
	free(text);
	end_fleet(fleet);
}

static void refused(struct fleet *fleet, struct gather_request rq, const char *reason)
{
	struct err err = {""};

	rq.deadline_ns = clock_mono_ns() + NS_PER_S;
	rq.event_fd = -1;
	assert_null(gather_start(fleet, &rq, &err));
	assert_string_equal(err.text, reason);
}

static void test_unknown_names(void **unused)
{
	struct fleet *fleet = new_fleet(2);
	const char *const nonsense[] = {"quick", "quack", NULL};

	(void)unused;
	refused(fleet, (struct gather_request){.exporter = "tset"}, "no exporter tset is configured");
	refused(fleet, (struct gather_request){.exporter = "test", .target = "three"}, "test has no target three");
	refused(fleet, (struct gather_request){.collect = nonsense}, "no collector quack is enabled here");
	refused(fleet, (struct gather_request){.exclude = nonsense}, "no collector quack is enabled here");
	end_fleet(fleet);
}

static void test_event_fd(void **unused)
{
	struct fleet *fleet = new_fleet(2);
	int fd = eventfd(0, EFD_CLOEXEC);
	struct gather_request rq = {.deadline_ns = clock_mono_ns() + 60 * NS_PER_S, .event_fd = fd};
	struct err err;
	struct gather *g = gather_start(fleet, &rq, &err);
	eventfd_t value;

	(void)unused;
	assert_int_equal(eventfd_read(fd, &value), 0);
	assert_int_equal(value, 1);
	assert_true(gather_done(g));
	gather_free(g);
	close(fd);
	end_fleet(fleet);
}

static void test_stuck_lane_outlives_its_fleet(void **unused)
{
	struct fleet *fleet = new_fleet(1);
	int before = released;

	(void)unused;
	set_gate(true);
	free(finish(start(fleet, 20 * NS_PER_MS)));
	pthread_mutex_lock(&gate);
	while (!inside)
		pthread_cond_wait(&gate_moved, &gate);
	pthread_mutex_unlock(&gate);
	fleet_stop(fleet);
	assert_false(fleet_drain(fleet, clock_mono_ns() + 20 * NS_PER_MS));
	fleet_unref(fleet);
	assert_int_equal(released, before);
	set_gate(false);
	while (released == before)
		sched_yield();
}

static void *scrape_often(void *arg)
{
	for (int i = 0; i < 50; i++)
		free(finish(start(arg, 60 * NS_PER_S)));
	return NULL;
}

static void test_many_at_once(void **unused)
{
	struct fleet *fleet = new_fleet(2);
	pthread_t threads[8];

	(void)unused;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, scrape_often, fleet), 0);
	for (size_t i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	end_fleet(fleet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_lanes_answer),
		cmocka_unit_test(test_late_lane_costs_nobody_else),
		cmocka_unit_test(test_scrapes_share_a_run),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_filter_does_not_publish),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_event_fd),
		cmocka_unit_test(test_stuck_lane_outlives_its_fleet),
		cmocka_unit_test(test_many_at_once),
	};

	log_setup(LOG_ERROR, LOG_LOGFMT); /* the broken collector is reported as it should be */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
