/* Memory, from /proc/meminfo: "Active(anon):   1234 kB" is node_memory_Active_anon_bytes. */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_memory_<field>", "A field of /proc/meminfo, in bytes where its name says so.", .pattern = true},
	{0},
};

/* "Active(anon)" becomes "Active_" + "anon"; what else a name cannot have becomes '_'. */
static void add(struct probe *p, struct sample_set *set, struct span name, uint64_t value, struct span unit)
{
	bool kib = span_eq(unit, "kB");

	if (name.len && name.s[name.len - 1] == ')')
		name.len--;
	sample_add(set, proc_family(p->arena, metrics, "node_memory_", name, kib ? "_bytes" : ""),
	           (double)value * (kib ? 1024 : 1), NO_LABELS);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line, name, unit;
	uint64_t value;
	size_t used = 0;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "meminfo", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line)) {
		if (!scan_until(&line, ':', &name) || !name.len || !scan_u64(&line, &value))
			continue;
		if (!scan_field(&line, &unit))
			unit.len = 0;
		add(p, set, name, value, unit);
		used++;
	}
	return used ? 0 : proc_no_sense(err, "meminfo", whole);
}

const struct collector collector_host_meminfo = {
	.name = "meminfo",
	.help = "Memory from /proc/meminfo.",
	.metrics = metrics,
	.collect = collect,
};
