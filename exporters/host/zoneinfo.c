/* Memory zones, from /proc/zoneinfo: "Node 0, zone   Normal", then "  nr_free_pages 123" and the like. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

#define ZONE_LABELS "node,zone"

/* The key in the file for each row of metrics[]. */
static const char *const keys[] = {
	"nr_free_pages",
	"min",
	"low",
	"high",
	"scanned",
	"spanned",
	"present",
	"managed",
	"nr_active_anon",
	"nr_inactive_anon",
	"nr_isolated_anon",
	"nr_anon_pages",
	"nr_anon_transparent_hugepages",
	"nr_active_file",
	"nr_inactive_file",
	"nr_isolated_file",
	"nr_file_pages",
	"nr_slab_reclaimable",
	"nr_slab_unreclaimable",
	"nr_mlock_stack",
	"nr_kernel_stack",
	"nr_mapped",
	"nr_dirty",
	"nr_writeback",
	"nr_unevictable",
	"nr_shmem",
	"nr_dirtied",
	"nr_written",
	"numa_hit",
	"numa_miss",
	"numa_foreign",
	"numa_interleave",
	"numa_local",
	"numa_other",
};

#define ZONE_GAUGE(name, help)                                                                                         \
	{                                                                                                              \
		"node_zoneinfo_" name, help, METRIC_GAUGE, ZONE_LABELS                                                 \
	}
#define ZONE_COUNTER(name, help)                                                                                       \
	{                                                                                                              \
		"node_zoneinfo_" name, help, METRIC_COUNTER, ZONE_LABELS                                               \
	}

static const struct metric_desc metrics[] = {
	ZONE_GAUGE("nr_free_pages", "Free pages."),
	ZONE_GAUGE("min_pages", "Free pages below which only urgent requests are served."),
	ZONE_GAUGE("low_pages", "Free pages below which pages are reclaimed in the background."),
	ZONE_GAUGE("high_pages", "Free pages at which reclaiming in the background ends."),
	ZONE_GAUGE("scanned_pages", "Pages looked at since something was last reclaimed."),
	ZONE_GAUGE("spanned_pages", "Pages that the zone spans, holes included."),
	ZONE_GAUGE("present_pages", "Pages that exist in the zone."),
	ZONE_GAUGE("managed_pages", "Pages that the page allocator manages."),
	ZONE_GAUGE("nr_active_anon_pages", "Anonymous pages used lately."),
	ZONE_GAUGE("nr_inactive_anon_pages", "Anonymous pages not used lately."),
	ZONE_GAUGE("nr_isolated_anon_pages", "Anonymous pages taken off their list for a while."),
	ZONE_GAUGE("nr_anon_pages", "Anonymous pages mapped."),
	ZONE_GAUGE("nr_anon_transparent_hugepages", "Transparent huge pages of anonymous memory."),
	ZONE_GAUGE("nr_active_file_pages", "File pages used lately."),
	ZONE_GAUGE("nr_inactive_file_pages", "File pages not used lately."),
	ZONE_GAUGE("nr_isolated_file_pages", "File pages taken off their list for a while."),
	ZONE_GAUGE("nr_file_pages", "Pages of files."),
	ZONE_GAUGE("nr_slab_reclaimable_pages", "Slab pages that can be reclaimed."),
	ZONE_GAUGE("nr_slab_unreclaimable_pages", "Slab pages that cannot be reclaimed."),
	ZONE_GAUGE("nr_mlock_stack_pages", "Pages locked by processes."),
	ZONE_GAUGE("nr_kernel_stacks", "Memory of the kernel's stacks, as the kernel counts it."),
	ZONE_GAUGE("nr_mapped_pages", "File pages mapped into processes."),
	ZONE_GAUGE("nr_dirty_pages", "Pages that wait to be written."),
	ZONE_GAUGE("nr_writeback_pages", "Pages that are being written."),
	ZONE_GAUGE("nr_unevictable_pages", "Pages that cannot be evicted."),
	ZONE_GAUGE("nr_shmem_pages", "Pages of shared memory and tmpfs."),
	ZONE_COUNTER("nr_dirtied_total", "Pages made dirty since the start."),
	ZONE_COUNTER("nr_written_total", "Pages written since the start."),
	ZONE_COUNTER("numa_hit_total", "Pages allocated on the node that was wanted."),
	ZONE_COUNTER("numa_miss_total", "Pages allocated here though another node was wanted."),
	ZONE_COUNTER("numa_foreign_total", "Pages wanted here and allocated elsewhere."),
	ZONE_COUNTER("numa_interleave_total", "Pages allocated here by interleaving."),
	ZONE_COUNTER("numa_local_total", "Pages allocated by a process that ran on this node."),
	ZONE_COUNTER("numa_other_total", "Pages allocated by a process that ran on another node."),
	ZONE_GAUGE("protection_0", "Pages kept from requests that zone 0 could serve."),
	ZONE_GAUGE("protection_1", "Pages kept from requests that zone 1 could serve."),
	ZONE_GAUGE("protection_2", "Pages kept from requests that zone 2 could serve."),
	ZONE_GAUGE("protection_3", "Pages kept from requests that zone 3 could serve."),
	ZONE_GAUGE("protection_4", "Pages kept from requests that zone 4 could serve."),
	ZONE_GAUGE("protection_5", "Pages kept from requests that zone 5 could serve."),
	{0},
};

enum { PROTECTION = ARRAY_LEN(keys), PROTECTIONS = 6 };

_Static_assert(ARRAY_LEN(metrics) == PROTECTION + PROTECTIONS + 1, "a key for each family");

struct zone {
	char node[16], name[64];
	struct label labels[2];
};

/* "Node 0, zone   Normal" */
static bool begin_zone(struct zone *z, struct span line)
{
	struct span word, node, name;

	if (!scan_field(&line, &word) || !span_eq(word, "Node") || !scan_field(&line, &word) ||
	    !scan_until(&word, ',', &node) || !scan_field(&line, &word) || !span_eq(word, "zone") ||
	    !scan_field(&line, &name))
		return false;
	if (!span_copy(node, z->node, sizeof(z->node)) || !span_copy(name, z->name, sizeof(z->name)))
		return false;
	z->labels[0] = (struct label){"node", z->node};
	z->labels[1] = (struct label){"zone", z->name};
	return true;
}

/* ": (0, 3019, 4555)" */
static void add_protection(struct sample_set *set, const struct zone *z, struct span rest)
{
	struct span list, part;
	uint64_t value;

	if (!scan_until(&rest, '(', &part) || !scan_until(&rest, ')', &list))
		return;
	for (size_t i = 0; i < PROTECTIONS && list.len; i++) {
		if (!scan_until(&list, ',', &part)) {
			part = list;
			list.len = 0;
		}
		part = span_trim(part);
		if (num_parse_u64(part.s, part.len, &value))
			sample_add(set, &metrics[PROTECTION + i], (double)value, z->labels, ARRAY_LEN(z->labels));
	}
}

static void add_line(struct sample_set *set, const struct zone *z, struct span line)
{
	struct span key;
	uint64_t value;

	if (!scan_field(&line, &key))
		return;
	if (span_eq(key, "protection:")) {
		add_protection(set, z, line);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (span_eq(key, keys[i])) {
			if (scan_u64(&line, &value))
				sample_add(set, &metrics[i], (double)value, z->labels, ARRAY_LEN(z->labels));
			return;
		}
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct zone zone;
	struct span text, whole, line;
	bool sense = false;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "zoneinfo", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line)) {
		if (begin_zone(&zone, line))
			sense = true;
		else if (sense)
			add_line(set, &zone, line);
	}
	return sense ? 0 : proc_no_sense(err, "zoneinfo", whole);
}

const struct collector collector_host_zoneinfo = {
	.name = "zoneinfo",
	.help = "Memory zones from /proc/zoneinfo.",
	.off_by_default = true,
	.metrics = metrics,
	.collect = collect,
};
