/* All workers' metrics, merged. */
#include <errno.h>
#include <stdlib.h>

#include "exporters/multiprocess/common_multiprocess.h"

enum { FIRST_NAMES = 64 };

enum { FILES, FILES_SKIPPED, ENTRIES_SKIPPED };

static const struct metric_desc metrics[] = {
	[FILES] = {"vedette_multiprocess_files", "Files of workers that were read and merged."},
	[FILES_SKIPPED] = {"vedette_multiprocess_files_skipped",
                           "Files that could not be read, or not be made sense of: what is in them is missing."},
	[ENTRIES_SKIPPED] = {"vedette_multiprocess_entries_skipped",
                             "Values that were left out: of another type than the metric, or beyond 100,000 series."},
	{"<merged>", "Whatever the program counts.", METRIC_UNTYPED, NULL, true},
	{0},
};

struct run {
	struct probe *probe;
	struct arena *scratch;
	const struct multiprocess_options *options;
	int directory;
	const char **files; /* sorted */
	size_t n_files, room;
	struct db_buffer buffer;
	struct merge *merge;
	size_t read, skipped;
	struct err first; /* of those skipped */
};

static bool wanted(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len >= 3 && !strcmp(name + len - 3, ".db");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_name(struct run *run, const char *name)
{
	if (run->n_files == run->room) {
		size_t room = run->room ? 2 * run->room : FIRST_NAMES;
		const char **files = ARENA_ARRAY(run->scratch, const char *, room);

		if (run->n_files)
			memcpy(files, run->files, run->n_files * sizeof(*files));
		run->files = files;
		run->room = room;
	}
	run->files[run->n_files++] = arena_strdup(run->scratch, name);
}

static int list_files(struct run *run, DIR *dir, struct err *err)
{
	struct dirent *d;

	for (errno = 0; (d = readdir(dir)); errno = 0) {
		if (!wanted(d->d_name))
			continue;
		if (run->n_files == (size_t)run->options->max_files)
			return err_set(err, "%s: more than %zu files (max_files); a program empties it when it starts",
			               run->options->directory, run->n_files);
		add_name(run, d->d_name);
	}
	if (errno)
		return err_errno(err, "%s", run->options->directory);
	if (run->n_files > 1)
		qsort(run->files, run->n_files, sizeof(run->files[0]), by_name);
	return 0;
}

static void add_file(struct run *run, const char *file)
{
	struct span content;
	const char *fault;
	enum db_result rc = db_read(&run->buffer, run->directory, file, &content, &fault);

	if (rc == DB_ABSENT)
		return;
	if (rc == DB_OK && !merge_add(run->merge, file, content, &fault)) {
		run->read++;
		return;
	}
	if (!run->skipped++)
		err_set(&run->first, "%s/%s: %s", run->options->directory, file, fault);
}

/* Sums without some of the files would go back, so it is all before the deadline or nothing. */
static int add_files(struct run *run, struct err *err)
{
	run->read = run->skipped = 0;
	for (size_t i = 0; i < run->n_files; i++) {
		if (clock_mono_ns() > run->probe->deadline_ns)
			return err_set(err, "%s: %zu of %zu files were read before the deadline",
			               run->options->directory, i, run->n_files);
		add_file(run, run->files[i]);
	}
	if (run->skipped && !run->read)
		return err_set(err, "%s, and no other file can be read", run->first.text);
	return 0;
}

static void tell(const struct run *run, struct sample_set *set)
{
	if (run->skipped)
		*run->probe->note = run->first;
	sample_add(set, &metrics[FILES], (double)run->read, NO_LABELS);
	sample_add(set, &metrics[FILES_SKIPPED], (double)run->skipped, NO_LABELS);
	sample_add(set, &metrics[ENTRIES_SKIPPED], (double)merge_skipped(run->merge), NO_LABELS);
	merge_tell(run->merge, set);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct multiprocess_options *options = p->target;
	struct arena CLEANUP(arena_fini) scratch = {0};
	struct run run = {.probe = p, .scratch = &scratch, .options = options, .buffer = {.arena = &scratch}};
	DIR CLEANUP_DIR *dir = opendir(options->directory);

	if (!dir && errno == ENOENT)
		return err_set(err, "%s: no such directory; it is what PROMETHEUS_MULTIPROC_DIR names",
		               options->directory);
	if (!dir)
		return err_errno(err, "%s", options->directory);
	if (list_files(&run, dir, err) < 0)
		return -1;
	run.directory = dirfd(dir);
	run.merge = merge_new(&scratch, set->common_len > 0);
	if (add_files(&run, err) < 0 || (merge_again(run.merge) && add_files(&run, err) < 0))
		return -1;
	tell(&run, set);
	return 0;
}

const struct collector collector_multiprocess_workers = {
	.name = "workers",
	.help = "The metrics of a Python program's workers, merged as its own client does.",
	.metrics = metrics,
	.collect = collect,
};
