/* Entries of the ARP table per device, from /proc/net/arp: the device is the sixth column. */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_arp_entries", "ARP entries by device.", METRIC_GAUGE, "device"},
	{0},
};

static const struct field fields[] = {
	DEVICE_FILTER_FIELDS(NULL),
	{0},
};

enum { DEVICES_MAX = 256 };

struct device_count {
	struct span name;
	unsigned entries;
};

static void count(struct device_count *devices, size_t *n, struct span name)
{
	size_t i = 0;

	while (i < *n && (devices[i].name.len != name.len || memcmp(devices[i].name.s, name.s, name.len) != 0))
		i++;
	if (i == DEVICES_MAX)
		return;
	if (i == *n)
		devices[(*n)++] = (struct device_count){name, 0};
	devices[i].entries++;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct device_count *devices = ARENA_ARRAY(p->arena, struct device_count, DEVICES_MAX);
	struct span text, line, device;
	size_t n = 0;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "net/arp", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	if (!span_starts(text, "IP address"))
		return proc_no_sense(err, "net/arp", text);
	scan_line(&text, &line);
	while (scan_line(&text, &line))
		if (scan_skip(&line, 5) && scan_field(&line, &device))
			count(devices, &n, device);
	for (size_t i = 0; i < n; i++) {
		const char *name = arena_strndup(p->arena, devices[i].name.s, devices[i].name.len);

		if (device_wanted(p->config, name))
			sample_add(set, &metrics[0], devices[i].entries, LABELS({"device", name}));
	}
	return 0;
}

const struct collector collector_host_arp = {
	.name = "arp",
	.help = "Entries of the ARP table per device from /proc/net/arp.",
	.fields = fields,
	.config_size = sizeof(struct device_filter),
	.metrics = metrics,
	.collect = collect,
};
