/* Frequencies and governors of processors, from /sys/devices/system/cpu/cpu<n>/cpufreq. */
#include "exporters/host/common_sysfs.h"

#define CPU_DIR "devices/system/cpu"

static const char *const files[] = {"cpuinfo_cur_freq", "cpuinfo_min_freq", "cpuinfo_max_freq",
                                    "scaling_cur_freq", "scaling_min_freq", "scaling_max_freq"};

enum { GOVERNOR = ARRAY_LEN(files) };

/* One for each file, in the same order. */
static const struct metric_desc metrics[] = {
	{"node_cpu_frequency_hertz", "Frequency of a processor, as its hardware tells it.", METRIC_GAUGE, "cpu"},
	{"node_cpu_frequency_min_hertz", "Lowest frequency of a processor's hardware.", METRIC_GAUGE, "cpu"},
	{"node_cpu_frequency_max_hertz", "Highest frequency of a processor's hardware.", METRIC_GAUGE, "cpu"},
	{"node_cpu_scaling_frequency_hertz", "Frequency that the kernel set for a processor.", METRIC_GAUGE, "cpu"},
	{"node_cpu_scaling_frequency_min_hertz", "Lowest frequency that the kernel may set.", METRIC_GAUGE, "cpu"},
	{"node_cpu_scaling_frequency_max_hertz", "Highest frequency that the kernel may set.", METRIC_GAUGE, "cpu"},
	[GOVERNOR] = {"node_cpu_scaling_governor", "Whether the governor is the one in use (1) or only available (0).",
                      METRIC_GAUGE, "cpu,governor"},
	{0},
};

static void governors(struct probe *p, struct sample_set *set, const char *name, const char *cpu)
{
	const char *current = sysfs_text(p, CPU_DIR "/%s/cpufreq/scaling_governor", name);
	const char *available = sysfs_text(p, CPU_DIR "/%s/cpufreq/scaling_available_governors", name);
	struct span rest = span_of(available ? available : ""), governor;

	while (current && *current && scan_field(&rest, &governor))
		sample_add(set, &metrics[GOVERNOR], span_eq(governor, current),
		           LABELS({"cpu", cpu}, {"governor", arena_strndup(p->arena, governor.s, governor.len)}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct name_list names, inside;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &names, err, CPU_DIR);

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *cpu = sysfs_number(names.names[i], "cpu");
		int64_t kilohertz;

		if (!cpu)
			continue;
		rc = reader_list(p->reader, p->arena, ROOT_SYS, &inside, err, CPU_DIR "/%s/cpufreq", names.names[i]);
		if (rc != READ_OK) /* offline, or a machine that leaves it to its host */
			continue;
		for (size_t f = 0; f < ARRAY_LEN(files); f++)
			if (sysfs_number_of(p, &kilohertz, CPU_DIR "/%s/cpufreq/%s", names.names[i], files[f]))
				sample_add(set, &metrics[f], (double)kilohertz * 1000, LABELS({"cpu", cpu}));
		governors(p, set, names.names[i], cpu);
	}
	return 0;
}

const struct collector collector_host_cpufreq = {
	.name = "cpufreq",
	.help = "Frequencies and governors of processors.",
	.metrics = metrics,
	.collect = collect,
};
