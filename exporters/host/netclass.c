/* What the kernel knows of each network interface besides traffic, from /sys/class/net/<device>. */
#include <math.h>

#include "exporters/host/common_proc.h"
#include "exporters/host/common_sysfs.h"

#define NET_DIR "class/net"

static const struct field fields[] = {
	DEVICE_FILTER_FIELDS(NULL),
	{0},
};

enum {
	ADDRESS_ASSIGN_TYPE,
	CARRIER,
	CARRIER_CHANGES,
	CARRIER_UP,
	CARRIER_DOWN,
	DEVICE_ID,
	DORMANT,
	FLAGS,
	IFACE_ID,
	IFACE_LINK,
	LINK_MODE,
	MTU,
	NAME_ASSIGN_TYPE,
	GROUP,
	SPEED,
	QUEUE_LENGTH,
	PROTOCOL,
	UP,
	INFO
};

static const struct metric_desc metrics[] = {
	[ADDRESS_ASSIGN_TYPE] = {"node_network_address_assign_type",
                                 "Where the address comes from: 0 permanent, 1 random, 2 stolen, 3 set.", METRIC_GAUGE,
                                 "device"},
	[CARRIER] = {"node_network_carrier", "Whether there is a physical link (1) or not (0).", METRIC_GAUGE,
                     "device"},
	[CARRIER_CHANGES] = {"node_network_carrier_changes_total", "Times that the link came or went.", METRIC_COUNTER,
                             "device"},
	[CARRIER_UP] = {"node_network_carrier_up_changes_total", "Times that the link came.", METRIC_COUNTER, "device"},
	[CARRIER_DOWN] = {"node_network_carrier_down_changes_total", "Times that the link went.", METRIC_COUNTER,
                          "device"},
	[DEVICE_ID] = {"node_network_device_id", "Number that tells devices with the same address apart.", METRIC_GAUGE,
                       "device"},
	[DORMANT] = {"node_network_dormant", "Whether the interface waits for something else before it is up (1).",
                     METRIC_GAUGE, "device"},
	[FLAGS] = {"node_network_flags", "Flags of the interface (IFF_*).", METRIC_GAUGE, "device"},
	[IFACE_ID] = {"node_network_iface_id", "Index of the interface.", METRIC_GAUGE, "device"},
	[IFACE_LINK] = {"node_network_iface_link", "Index of the interface that this one is on top of.", METRIC_GAUGE,
                        "device"},
	[LINK_MODE] = {"node_network_iface_link_mode", "Link mode: 0 default, 1 dormant.", METRIC_GAUGE, "device"},
	[MTU] = {"node_network_mtu_bytes", "Largest packet that the interface sends.", METRIC_GAUGE, "device"},
	[NAME_ASSIGN_TYPE] = {"node_network_name_assign_type",
                              "Where the name comes from: 1 kernel, 2 predictable, 3 user space, 4 renamed.",
                              METRIC_GAUGE, "device"},
	[GROUP] = {"node_network_net_dev_group", "Device group that the interface is in.", METRIC_GAUGE, "device"},
	[SPEED] = {"node_network_speed_bytes", "Speed of the link in bytes per second; negative: unknown.",
                   METRIC_GAUGE, "device"},
	[QUEUE_LENGTH] = {"node_network_transmit_queue_length", "Packets that fit into the transmit queue.",
                          METRIC_GAUGE, "device"},
	[PROTOCOL] = {"node_network_protocol_type", "Kind of the interface (ARPHRD_*).", METRIC_GAUGE, "device"},
	[UP] = {"node_network_up", "Whether the interface is operational (1) or not (0).", METRIC_GAUGE, "device"},
	[INFO] = {"node_network_info", "Addresses and state of the interface.", METRIC_GAUGE,
                  "address,broadcast,device,duplex,ifalias,operstate"},
	{0},
};

/* In the order of the metrics. */
static const char *const numbers[] = {
	"addr_assign_type",
	"carrier",
	"carrier_changes",
	"carrier_up_count",
	"carrier_down_count",
	"dev_id",
	"dormant",
	"flags",
	"ifindex",
	"iflink",
	"link_mode",
	"mtu",
	"name_assign_type",
	"netdev_group",
	"speed",
	"tx_queue_len",
	"type",
};

static const char *text_of(struct probe *p, const char *device, const char *file)
{
	const char *text = sysfs_text(p, NET_DIR "/%s/%s", device, file);

	return text ? text : "";
}

static void interface(struct probe *p, struct sample_set *set, const char *device)
{
	const char *state = sysfs_text(p, NET_DIR "/%s/operstate", device);
	int64_t n;

	if (!state) /* gone, or a file such as bonding_masters */
		return;
	sample_add(set, &metrics[UP], !strcmp(state, "up"), LABELS({"device", device}));
	sample_add(set, &metrics[INFO], 1,
	           LABELS({"address", text_of(p, device, "address")}, {"broadcast", text_of(p, device, "broadcast")},
	                  {"device", device}, {"duplex", text_of(p, device, "duplex")},
	                  {"ifalias", text_of(p, device, "ifalias")}, {"operstate", state}));
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (!sysfs_number_of(p, &n, NET_DIR "/%s/%s", device, numbers[i]))
			continue;
		/* speed: megabits per second */
		sample_add(set, &metrics[i], i == SPEED ? trunc((double)n * 1e6 / 8) : (double)n,
		           LABELS({"device", device}));
	}
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct name_list devices;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &devices, err, NET_DIR);

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < devices.n; i++)
		if (device_wanted(p->config, devices.names[i]))
			interface(p, set, devices.names[i]);
	return 0;
}

const struct collector collector_host_netclass = {
	.name = "netclass",
	.help = "State of network interfaces from /sys/class/net.",
	.fields = fields,
	.config_size = sizeof(struct device_filter),
	.metrics = metrics,
	.collect = collect,
};
