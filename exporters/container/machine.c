/* The machine's size, as dashboards of containers look for it: limits are shares of these. */
#include "base/num.h"
#include "exporters/container/common_container.h"

static const struct metric_desc metrics[] = {
	{"machine_cpu_cores", "Processors of this machine, as the kernel counts them.", METRIC_GAUGE},
	{"machine_memory_bytes", "Memory of this machine.", METRIC_GAUGE},
	{0},
};

static int add_processors(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, line;
	size_t n = 0;
	enum read_result rc = reader_recall(p->reader, p->arena, ROOT_PROC, "cpuinfo", RECALL_HARDWARE, &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	while (scan_line(&text, &line))
		n += span_starts(line, "processor");
	if (n)
		sample_add(set, &metrics[0], (double)n, NO_LABELS);
	return 0;
}

static int add_memory(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, line, key;
	uint64_t kib;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "meminfo", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	while (scan_line(&text, &line))
		if (scan_field(&line, &key) && span_eq(key, "MemTotal:") && scan_u64(&line, &kib))
			sample_add(set, &metrics[1], (double)kib * 1024, NO_LABELS);
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	int processors = add_processors(p, set, err);

	return add_memory(p, set, err) < 0 ? -1 : processors;
}

const struct collector collector_container_machine = {
	.name = "machine",
	.help = "Processors and memory of the machine, for dashboards of containers.",
	.metrics = metrics,
	.collect = collect,
};
