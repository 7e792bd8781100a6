/* Pressure stall information, from /proc/pressure: "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345". */
#include "collect/pressure.h"
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_pressure_cpu_waiting_seconds_total", "Time in which some task waited for a processor.", METRIC_COUNTER},
	{"node_pressure_io_waiting_seconds_total", "Time in which some task waited for I/O.", METRIC_COUNTER},
	{"node_pressure_io_stalled_seconds_total", "Time in which all tasks waited for I/O.", METRIC_COUNTER},
	{"node_pressure_memory_waiting_seconds_total", "Time in which some task waited for memory.", METRIC_COUNTER},
	{"node_pressure_memory_stalled_seconds_total", "Time in which all tasks waited for memory.", METRIC_COUNTER},
	{"node_pressure_irq_stalled_seconds_total", "Time in which interrupts kept all tasks waiting.", METRIC_COUNTER},
	{0},
};

/* In the order of metrics[]. */
static const struct {
	const char *path, *line;
} sources[] = {
	{"pressure/cpu", "some"},    {"pressure/io", "some"},     {"pressure/io", "full"},
	{"pressure/memory", "some"}, {"pressure/memory", "full"}, {"pressure/irq", "full"},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text = {"", 0};
	uint64_t total;
	const char *path = "";
	enum read_result rc = READ_ABSENT;
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		if (strcmp(path, sources[i].path) != 0) {
			path = sources[i].path;
			rc = reader_read(p->reader, p->arena, ROOT_PROC, path, &text, err);
		}
		if (rc == READ_FAILED)
			result = -1;
		if (rc != READ_OK)
			continue;
		if (pressure_total(text, sources[i].line,
		                   &total)) /* divided twice, as others do: the same last digit */
			sample_add(set, &metrics[i], (double)total / 1000 / 1000, NO_LABELS);
		else if (proc_no_sense(err, path, text) < 0)
			result = -1;
	}
	return result;
}

const struct collector collector_host_pressure = {
	.name = "pressure",
	.help = "Pressure stall information from /proc/pressure.",
	.metrics = metrics,
	.collect = collect,
};
