/* Processes and threads by state, from /proc/<pid>/stat and /proc/<pid>/task, and the limits on them. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

enum { STATE, THREAD_STATE, PIDS, THREADS, MAX_PROCESSES, MAX_THREADS };

static const struct metric_desc metrics[] = {
	[STATE] = {"node_processes_state", "Processes by the state of their first thread.", METRIC_GAUGE, "state"},
	[THREAD_STATE] = {"node_processes_threads_state", "Threads by state.", METRIC_GAUGE, "thread_state"},
	[PIDS] = {"node_processes_pids", "Processes."},
	[THREADS] = {"node_processes_threads", "Threads of all processes."},
	[MAX_PROCESSES] = {"node_processes_max_processes", "The highest number that a process or thread can get."},
	[MAX_THREADS] = {"node_processes_max_threads", "The most threads that may be at once."},
	{0},
};

enum { LETTERS = 128, THREADS_FIELD = 20 };

struct census {
	unsigned states[LETTERS], thread_states[LETTERS];
	uint64_t pids, threads;
};

/* "12 (name with ) and spaces) S 1 …": the state follows the last parenthesis and is the third field. */
static bool read_stat(struct span text, unsigned char *state, uint64_t *threads)
{
	const char *end = text.len ? memrchr(text.s, ')', text.len) : NULL;
	struct span rest, word;

	if (!end)
		return false;
	rest = (struct span){end + 1, text.len - (size_t)(end + 1 - text.s)};
	if (!scan_field(&rest, &word) || word.len != 1 || (unsigned char)*word.s >= LETTERS)
		return false;
	*state = (unsigned char)*word.s;
	return scan_skip(&rest, THREADS_FIELD - 4) && scan_u64(&rest, threads);
}

static int count_threads(struct probe *p, const char *pid, struct census *c, struct err *err)
{
	struct name_list tasks;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_PROC, &tasks, err, "%s/task", pid);

	for (size_t i = 0; rc == READ_OK && i < tasks.n; i++) {
		struct span text;
		unsigned char state;
		uint64_t ignored;

		rc = reader_readf(p->reader, p->arena, ROOT_PROC, &text, err, "%s/task/%s/stat", pid, tasks.names[i]);
		if (rc == READ_OK && read_stat(text, &state, &ignored))
			c->thread_states[state]++;
		if (rc == READ_ABSENT) /* it ended meanwhile */
			rc = READ_OK;
	}
	return rc == READ_FAILED ? -1 : 0;
}

static int count_process(struct probe *p, const char *pid, struct census *c, struct err *err)
{
	struct span text;
	unsigned char state;
	uint64_t threads;
	enum read_result rc = reader_readf(p->reader, p->arena, ROOT_PROC, &text, err, "%s/stat", pid);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	if (!read_stat(text, &state, &threads))
		return 0;
	c->pids++;
	c->threads += threads;
	c->states[state]++;
	return count_threads(p, pid, c, err);
}

static void add_states(struct sample_set *set, const struct metric_desc *desc, const char *label,
                       const unsigned *states)
{
	for (unsigned i = 0; i < LETTERS; i++)
		if (states[i])
			sample_add(set, desc, states[i], LABELS({label, (const char[]){(char)i, '\0'}}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct census *c = ARENA_NEW(p->arena, struct census);
	struct name_list entries;
	uint64_t pid;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_PROC, &entries, err, ".");

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	for (size_t i = 0; i < entries.n; i++)
		if (num_parse_u64(entries.names[i], strlen(entries.names[i]), &pid) &&
		    count_process(p, entries.names[i], c, err) < 0)
			return -1;
	if (!c->pids)
		return 0;
	add_states(set, &metrics[STATE], "state", c->states);
	add_states(set, &metrics[THREAD_STATE], "thread_state", c->thread_states);
	sample_add(set, &metrics[PIDS], (double)c->pids, NO_LABELS);
	sample_add(set, &metrics[THREADS], (double)c->threads, NO_LABELS);
	if (proc_number(p, set, &metrics[MAX_PROCESSES], "sys/kernel/pid_max", err) == READ_FAILED)
		return -1;
	return proc_number(p, set, &metrics[MAX_THREADS], "sys/kernel/threads-max", err) == READ_FAILED ? -1 : 0;
}

const struct collector collector_host_processes = {
	.name = "processes",
	.help = "Processes and threads by state from /proc; reads a file for each of them.",
	.off_by_default = true,
	.metrics = metrics,
	.collect = collect,
};
