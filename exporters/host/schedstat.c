/* The scheduler's account of each processor, from /proc/schedstat: the seventh to ninth number of a "cpu0" line. */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_schedstat_running_seconds_total", "Time that the processor ran tasks.", METRIC_COUNTER, "cpu"},
	{"node_schedstat_waiting_seconds_total", "Time that tasks waited for the processor.", METRIC_COUNTER, "cpu"},
	{"node_schedstat_timeslices_total", "Time slices that the processor ran.", METRIC_COUNTER, "cpu"},
	{0},
};

static bool add(struct sample_set *set, struct span line)
{
	struct span name;
	uint64_t running, waiting, slices;
	char cpu[16];

	if (!scan_field(&line, &name) || !span_starts(name, "cpu") || !scan_skip(&line, 6))
		return false;
	name.s += 3;
	name.len -= 3;
	if (!name.len || !span_copy(name, cpu, sizeof(cpu)))
		return false;
	if (!scan_u64(&line, &running) || !scan_u64(&line, &waiting) || !scan_u64(&line, &slices))
		return false;
	sample_add(set, &metrics[0], (double)running / 1e9, LABELS({"cpu", cpu}));
	sample_add(set, &metrics[1], (double)waiting / 1e9, LABELS({"cpu", cpu}));
	sample_add(set, &metrics[2], (double)slices, LABELS({"cpu", cpu}));
	return true;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line;
	bool sense = false;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "schedstat", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line))
		sense |= add(set, line);
	return sense ? 0 : proc_no_sense(err, "schedstat", whole);
}

const struct collector collector_host_schedstat = {
	.name = "schedstat",
	.help = "The scheduler's account of each processor from /proc/schedstat.",
	.metrics = metrics,
	.collect = collect,
};
