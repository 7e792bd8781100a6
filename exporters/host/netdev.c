/* Traffic and errors per network device, from /proc/net/dev, and what no handler took, from sysfs. */
#include "exporters/host/common_proc.h"

enum { RECEIVE, TRANSMIT = 8, NOHANDLER = 16 };

/* In the order of the columns; the last is no column. */
static const struct metric_desc metrics[] = {
	[RECEIVE] = {"node_network_receive_bytes_total", "Bytes received.", METRIC_COUNTER, "device"},
	{"node_network_receive_packets_total", "Packets received.", METRIC_COUNTER, "device"},
	{"node_network_receive_errs_total", "Bad packets received.", METRIC_COUNTER, "device"},
	{"node_network_receive_drop_total", "Packets received and dropped, or missed by the device.", METRIC_COUNTER,
         "device"},
	{"node_network_receive_fifo_total", "Packets lost because a queue of the device overran.", METRIC_COUNTER,
         "device"},
	{"node_network_receive_frame_total", "Packets received with a bad length, checksum or frame.", METRIC_COUNTER,
         "device"},
	{"node_network_receive_compressed_total", "Compressed packets received.", METRIC_COUNTER, "device"},
	{"node_network_receive_multicast_total", "Multicast packets received.", METRIC_COUNTER, "device"},
	[TRANSMIT] = {"node_network_transmit_bytes_total", "Bytes sent.", METRIC_COUNTER, "device"},
	{"node_network_transmit_packets_total", "Packets sent.", METRIC_COUNTER, "device"},
	{"node_network_transmit_errs_total", "Packets that could not be sent.", METRIC_COUNTER, "device"},
	{"node_network_transmit_drop_total", "Packets dropped before they were sent.", METRIC_COUNTER, "device"},
	{"node_network_transmit_fifo_total", "Packets not sent because a queue of the device overran.", METRIC_COUNTER,
         "device"},
	{"node_network_transmit_colls_total", "Collisions.", METRIC_COUNTER, "device"},
	{"node_network_transmit_carrier_total", "Packets not sent because of the carrier, the window or an abort.",
         METRIC_COUNTER, "device"},
	{"node_network_transmit_compressed_total", "Compressed packets sent.", METRIC_COUNTER, "device"},
	[NOHANDLER] = {"node_network_receive_nohandler_total", "Packets received that nothing in the kernel handles.",
                       METRIC_COUNTER, "device"},
	{0},
};

static const struct field fields[] = {
	DEVICE_FILTER_FIELDS(NULL),
	{0},
};

/* False when the line is not a device's. */
static bool read_line(struct span line, char device[64], uint64_t values[NOHANDLER])
{
	struct span name;

	if (!scan_until(&line, ':', &name))
		return false;
	name = span_trim(name);
	if (!name.len || !span_copy(name, device, 64))
		return false;
	for (int i = 0; i < NOHANDLER; i++)
		if (!scan_u64(&line, &values[i]))
			return false;
	return true;
}

static int add(struct probe *p, struct sample_set *set, const char *device, const uint64_t *values, struct err *err)
{
	int64_t nohandler;
	enum read_result rc;

	for (int i = 0; i < NOHANDLER; i++)
		sample_add(set, &metrics[i], (double)values[i], LABELS({"device", device}));
	rc = reader_i64(p->reader, p->arena, ROOT_SYS, &nohandler, err, "class/net/%s/statistics/rx_nohandler", device);
	if (rc == READ_OK)
		sample_add(set, &metrics[NOHANDLER], (double)nohandler, LABELS({"device", device}));
	return rc == READ_FAILED ? -1 : 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line;
	uint64_t values[NOHANDLER];
	char device[64];
	bool sense = false;
	int result = 0;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "net/dev", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line)) {
		if (!read_line(line, device, values))
			continue;
		sense = true;
		if (device_wanted(p->config, device) && add(p, set, device, values, err) < 0)
			result = -1;
	}
	return sense ? result : proc_no_sense(err, "net/dev", whole);
}

const struct collector collector_host_netdev = {
	.name = "netdev",
	.help = "Traffic and errors per network device from /proc/net/dev.",
	.fields = fields,
	.config_size = sizeof(struct device_filter),
	.metrics = metrics,
	.collect = collect,
};
