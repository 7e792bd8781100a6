/* The kernel as a whole, from /proc/stat. */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_intr_total", "Interrupts serviced.", METRIC_COUNTER},
	{"node_context_switches_total", "Context switches.", METRIC_COUNTER},
	{"node_forks_total", "Processes and threads made.", METRIC_COUNTER},
	{"node_boot_time_seconds", "When the machine started, in seconds since 1970."},
	{"node_procs_running", "Threads that run or could run."},
	{"node_procs_blocked", "Threads that wait for I/O to end."},
	{0},
};

static const char *const keys[] = {"intr", "ctxt", "processes", "btime", "procs_running", "procs_blocked"};

static bool add(struct sample_set *set, struct span line)
{
	struct span key;
	uint64_t value;

	if (!scan_field(&line, &key))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (span_eq(key, keys[i]) && scan_u64(&line, &value)) {
			sample_add(set, &metrics[i], (double)value, NO_LABELS);
			return true;
		}
	return false;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line;
	bool sense = false;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "stat", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line))
		sense |= add(set, line);
	return sense ? 0 : proc_no_sense(err, "stat", whole);
}

const struct collector collector_host_stat = {
	.name = "stat",
	.help = "Interrupts, context switches, forks and boot time from /proc/stat.",
	.metrics = metrics,
	.collect = collect,
};
