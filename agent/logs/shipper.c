#include "logs/shipper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "logs/reader.h"

struct shipper {
	const struct log_settings *settings;
	struct log_counts counts;
	struct positions *positions;
	struct inflight *inflight;
	struct sender *sender;
	struct reader reader;
	pthread_t reading;
	bool reading_started;
	int directory_fd, wake_fd;
	struct plan **plans;
	struct arena names; /* of the sources */
};

static void shipper_free(struct shipper *s)
{
	for (size_t i = 0; s->plans && i < s->settings->sources.n; i++)
		plan_free(s->plans[i]);
	free(s->plans);
	free(s->counts.sources);
	arena_fini(&s->names);
	sender_free(s->sender);
	for (int i = 0; i < BATCHES; i++)
		batch_free(s->reader.batches[i]);
	positions_close(s->positions);
	inflight_close(s->inflight);
	if (s->directory_fd >= 0)
		close(s->directory_fd);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	free(s);
}

/* Two agents with the same positions would each undo what the other has done. */
static int lock_directory(struct shipper *s, const char *directory, struct err *err)
{
	if (mkdir(directory, 0750) < 0 && errno != EEXIST)
		LOG(WARN, "the directory for positions of logs cannot be made; after a restart logs may come twice",
		    "path", directory, "err", strerror(errno));
	s->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->directory_fd >= 0 && flock(s->directory_fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return err_set(err, "%s is in use by another agent; give each its own --storage.path", directory);
	return 0;
}

static int64_t last_commit(const char *directory)
{
	char CLEANUP_FREE *path = NULL;
	struct stat st;

	if (asprintf(&path, "%s/positions", directory) < 0)
		abort();
	return stat(path, &st) == 0 ? st.st_mtim.tv_sec : 0;
}

/* When a former run has seen all files there were, Unix seconds; 0: there was none. A little less, because files have
 * the time of the kernel's last tick, and long ago where the clock has been put back. */
static int64_t looked(struct positions *p, int64_t committed)
{
	int64_t s = positions_looked(p);

	s = s ? s : committed;
	if (s > 2)
		s -= s > clock_real_ns() / NS_PER_S ? s - 1 : 2;
	return s;
}

static int make_plans(struct shipper *s, struct err *err)
{
	const struct log_source *sources = s->settings->sources.items;

	s->plans = calloc(s->settings->sources.n + 1, sizeof(struct plan *));
	if (!s->plans)
		abort();
	for (size_t i = 0; i < s->settings->sources.n; i++)
		if (plan_new(&s->plans[i], &sources[i].stages, err) < 0)
			return err_wrap(err, "logs.sources: source %zu", i + 1);
	return 0;
}

/* A source without a name is called by its number. */
static void make_counts(struct shipper *s)
{
	const struct log_source *sources = s->settings->sources.items;

	s->counts.n_sources = s->settings->sources.n;
	s->counts.sources = calloc(s->counts.n_sources + 1, sizeof(*s->counts.sources));
	if (!s->counts.sources)
		abort();
	for (size_t i = 0; i < s->counts.n_sources; i++)
		s->counts.sources[i].name = sources[i].name ? sources[i].name : arena_printf(&s->names, "%zu", i + 1);
}

static int start_reading(struct shipper *s, const struct string_map *external_labels, int64_t since, struct err *err)
{
	s->reader.settings = s->settings;
	s->reader.external_labels = external_labels;
	s->reader.positions = s->positions;
	s->reader.sender = s->sender;
	s->reader.counts = &s->counts;
	s->reader.plans = s->plans;
	s->reader.wake_fd = s->wake_fd;
	s->reader.resumed = since > 0;
	s->reader.since_s = since ? since : clock_real_ns() / NS_PER_S;
	if (thread_start(&s->reading, "logs-read", false, reader_run, &s->reader, err) < 0)
		return -1;
	s->reading_started = true;
	return 0;
}

static int start(struct shipper *s, const struct string_map *external_labels, const char *directory, struct err *err)
{
	struct sender_setup setup = {.loki = &s->settings->loki, .counts = &s->counts};
	int64_t since;
	bool corrupt;

	make_counts(s);
	if (lock_directory(s, directory, err) < 0 || make_plans(s, err) < 0)
		return -1;
	since = last_commit(directory);
	setup.positions = s->positions = positions_open(directory, &corrupt);
	if (corrupt)
		LOG(WARN, "the positions of logs are damaged and set aside; logs may come twice", "path", directory);
	setup.inflight = s->inflight = inflight_open(directory);
	setup.wake_fd = s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wake_fd < 0)
		return err_errno(err, "eventfd");
	if (sender_start(&s->sender, &setup, err) < 0)
		return -1;
	return start_reading(s, external_labels, looked(s->positions, since), err);
}

int shipper_start(struct shipper **out, const struct log_settings *settings, const struct string_map *external_labels,
                  const char *directory, struct err *err)
{
	struct shipper *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	s->settings = settings;
	s->directory_fd = s->wake_fd = -1;
	atomic_store(&s->counts.storage_ok, true);
	if (start(s, external_labels, directory, err) < 0) {
		if (s->sender) {
			sender_stop(s->sender);
			if (!sender_join(s->sender, clock_mono_ns() + 10 * NS_PER_S))
				return -1; /* what it uses stays */
		}
		shipper_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

static bool join(struct shipper *s, int64_t deadline_ns)
{
	return (!s->reading_started || thread_join(s->reading, deadline_ns)) && sender_join(s->sender, deadline_ns);
}

bool shipper_stop(struct shipper *s, int64_t deadline_ns)
{
	uint64_t one = 1;

	if (!s)
		return true;
	atomic_store(&s->reader.stop, true);
	sender_stop(s->sender);
	(void)!write(s->wake_fd, &one, sizeof(one));
	if (!join(s, deadline_ns))
		return false;
	shipper_free(s);
	return true;
}

void shipper_collect(struct shipper *s, struct sample_set *set)
{
	log_counts_collect(&s->counts, set);
	for (size_t i = 0; i < s->settings->sources.n; i++)
		plan_collect(s->plans[i], s->counts.sources[i].name, set);
}

struct shipper_state shipper_state(struct shipper *s)
{
	return (struct shipper_state){&s->counts, s->settings->loki.push_url, sender_trouble(s->sender)};
}
