/* Metrics that other programs left in *.prom files of one directory. */
#include <errno.h>

#include "collect/collector.h"
#include "metric/promtext.h"

enum { MAX_TOTAL_BYTES = 64 * 1024 * 1024 }; /* of all files together */

struct textfile_config {
	const char *directory;
	int64_t max_age;
};

static const struct field fields[] = {
	F_STRING(struct textfile_config, directory, "", "Directory whose *.prom files are read; empty: none."),
	F_DURATION(struct textfile_config, max_age, "0s",
                   "A file that was not written for longer is stale, and its samples are left out; 0s: never."),
	{0},
};

enum { MTIME, SCRAPE_ERROR, STALE };

static const struct metric_desc metrics[] = {
	[MTIME] = {"node_textfile_mtime_seconds", "When a file that was taken was last written.", METRIC_GAUGE, "file"},
	[SCRAPE_ERROR] = {"node_textfile_scrape_error", "Whether a file or the directory could not be taken (1)."},
	[STALE] = {"vedette_textfile_stale", "Whether a file is older than max_age and therefore left out (1).",
                   METRIC_GAUGE, "file"},
	{"<name>", "Whatever the files hold.", METRIC_UNTYPED, NULL, true},
	{0},
};

struct run {
	struct probe *probe;
	struct sample_set *set;
	const struct textfile_config *config;
	struct promtext reader;
	int64_t now_ns;
	size_t bytes;
};

static int read_file(struct run *run, const char *path, struct err *err)
{
	struct probe *p = run->probe;
	struct span text;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_SELF, path, &text, err);

	if (rc == READ_ABSENT)
		return err_set(err, "%s: went away or is no file", path);
	if (rc != READ_OK)
		return -1;
	run->bytes += text.len;
	if (run->bytes > MAX_TOTAL_BYTES)
		return err_set(err, "%s: all files together are larger than 64 MiB", path);
	return promtext_read(&run->reader, run->set, path, text, err);
}

/* The time is asked for first: a file written meanwhile looks older than it is, never fresher. */
static int take_file(struct run *run, const char *path, struct err *err)
{
	const struct textfile_config *config = run->config;
	enum read_result rc;
	int64_t mtime, seconds;
	bool stale;

	rc = reader_mtime(run->probe->reader, ROOT_SELF, &mtime, err, "%s", path);
	if (rc == READ_ABSENT)
		return err_set(err, "%s: went away", path);
	if (rc != READ_OK)
		return -1;
	stale = config->max_age > 0 && run->now_ns - mtime > config->max_age;
	if (config->max_age > 0)
		sample_add(run->set, &metrics[STALE], stale, LABELS({"file", path}));
	if (!stale && read_file(run, path, err) < 0)
		return -1;
	seconds = mtime / NS_PER_S;
	sample_add(run->set, &metrics[MTIME], (double)seconds, LABELS({"file", path}));
	return 0;
}

static bool wanted(const char *name)
{
	size_t len = strlen(name);

	return len >= 5 && !strcmp(name + len - 5, ".prom");
}

/* Takes what can be taken; `err` tells the first fault. */
static int take_all(struct run *run, struct err *err)
{
	struct probe *p = run->probe;
	const char *dir = run->config->directory;
	struct err ignored;
	struct name_list files;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SELF, &files, err, "%s", dir);
	int failed = 0;

	if (rc == READ_ABSENT)
		return err_set(err, "%s: no such directory", dir);
	if (rc != READ_OK)
		return -1;
	for (size_t i = 0; i < files.n; i++) {
		if (!wanted(files.names[i]))
			continue;
		failed |= take_file(run, arena_printf(p->arena, "%s/%s", dir, files.names[i]), failed ? &ignored : err);
	}
	return failed;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct run run = {.probe = p, .set = set, .config = p->config};
	struct timespec now;
	int failed;

	if (p->kernel->clock_gettime(CLOCK_REALTIME, &now) < 0)
		return err_errno(err, "clock_gettime");
	run.now_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
	promtext_init(&run.reader, p->arena, false);
	failed = run.config->directory && *run.config->directory ? take_all(&run, err) : 0;
	sample_add(set, &metrics[SCRAPE_ERROR], failed != 0, NO_LABELS);
	return failed;
}

const struct collector collector_host_textfile = {
	.name = "textfile",
	.help = "Metrics from *.prom files that other programs write.",
	.fields = fields,
	.config_size = sizeof(struct textfile_config),
	.metrics = metrics,
	.collect = collect,
};
