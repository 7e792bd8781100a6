/* Virtual memory events, from /proc/vmstat: "pgfault 12345". Only those that node_exporter reports by default. */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_vmstat_<field>", "A field of /proc/vmstat.", METRIC_UNTYPED, .pattern = true},
	{0},
};

struct vmstat_config {
	const struct regex *fields;
};

static const struct field fields[] = {
	F_REGEX(struct vmstat_config, fields, NULL,
                "Fields to report instead of oom_kill, page faults, pages paged and swapped."),
	{0},
};

static const char *const prefixes[] = {"oom_kill", "pgpg", "pswp"};

static bool wanted(const struct vmstat_config *config, struct span name)
{
	if (config->fields)
		return regex_match(config->fields, name.s, name.len);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (span_starts(name, prefixes[i]))
			return true;
	return span_starts(name, "pg") && memmem(name.s, name.len, "fault", 5);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line, name;
	uint64_t value;
	bool sense = false;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "vmstat", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line)) {
		if (!scan_field(&line, &name))
			continue;
		if (sense && !wanted(p->config, name))
			continue;
		if (!scan_u64(&line, &value))
			continue;
		sense = true;
		if (wanted(p->config, name))
			sample_add(set, proc_family(p->arena, metrics, "node_vmstat_", name, ""), (double)value,
			           NO_LABELS);
	}
	return sense ? 0 : proc_no_sense(err, "vmstat", whole);
}

const struct collector collector_host_vmstat = {
	.name = "vmstat",
	.help = "Virtual memory events from /proc/vmstat.",
	.fields = fields,
	.config_size = sizeof(struct vmstat_config),
	.metrics = metrics,
	.collect = collect,
};
