/* Sockets, from /proc/net/sockstat and /proc/net/sockstat6: "TCP: inuse 2 orphan 0 tw 3 alloc 2 mem 150". */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_sockstat_sockets_used", "Sockets of all kinds in use."},
	{"node_sockstat_TCP_inuse", "TCP sockets in use over IPv4."},
	{"node_sockstat_TCP_orphan", "TCP sockets that no process holds."},
	{"node_sockstat_TCP_tw", "TCP sockets in TIME_WAIT."},
	{"node_sockstat_TCP_alloc", "TCP sockets allocated."},
	{"node_sockstat_TCP_mem", "Memory of TCP sockets, in pages."},
	{"node_sockstat_TCP_mem_bytes", "Memory of TCP sockets, in bytes."},
	{"node_sockstat_UDP_inuse", "UDP sockets in use over IPv4."},
	{"node_sockstat_UDP_mem", "Memory of UDP sockets, in pages."},
	{"node_sockstat_UDP_mem_bytes", "Memory of UDP sockets, in bytes."},
	{"node_sockstat_UDPLITE_inuse", "UDP-Lite sockets in use over IPv4."},
	{"node_sockstat_RAW_inuse", "Raw sockets in use over IPv4."},
	{"node_sockstat_FRAG_inuse", "Fragmented IPv4 packets that wait for the rest."},
	{"node_sockstat_FRAG_memory", "Memory of fragmented IPv4 packets, in bytes."},
	{"node_sockstat_TCP6_inuse", "TCP sockets in use over IPv6."},
	{"node_sockstat_UDP6_inuse", "UDP sockets in use over IPv6."},
	{"node_sockstat_UDPLITE6_inuse", "UDP-Lite sockets in use over IPv6."},
	{"node_sockstat_RAW6_inuse", "Raw sockets in use over IPv6."},
	{"node_sockstat_FRAG6_inuse", "Fragmented IPv6 packets that wait for the rest."},
	{"node_sockstat_FRAG6_memory", "Memory of fragmented IPv6 packets, in bytes."},
	{0},
};

static const char *const paths[] = {"net/sockstat", "net/sockstat6"};

/* The family of "TCP" + "_" + "inuse", or NULL. */
static const struct metric_desc *family(struct span protocol, struct span key)
{
	const size_t prefix = sizeof("node_sockstat_") - 1;

	for (const struct metric_desc *m = metrics; m->name; m++) {
		struct span name = span_of(m->name + prefix);

		if (name.len == protocol.len + 1 + key.len && !memcmp(name.s, protocol.s, protocol.len) &&
		    !memcmp(name.s + protocol.len + 1, key.s, key.len))
			return m;
	}
	return NULL;
}

static bool add(struct sample_set *set, struct span line)
{
	struct span protocol, key;
	uint64_t value;
	bool sense = false;

	if (!scan_until(&line, ':', &protocol))
		return false;
	while (scan_field(&line, &key) && scan_u64(&line, &value)) {
		const struct metric_desc *m = family(protocol, key);

		sense = true;
		if (!m)
			continue;
		sample_add(set, m, (double)value, NO_LABELS);
		if (span_eq(key, "mem")) /* in the table, bytes follow pages */
			sample_add(set, m + 1, (double)value * (double)sysconf(_SC_PAGESIZE), NO_LABELS);
	}
	return sense;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct span text, whole, line;
		bool sense = false;
		enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, paths[i], &text, err);

		if (rc == READ_FAILED)
			return -1;
		if (rc == READ_ABSENT) /* no IPv6, say */
			continue;
		whole = text;
		while (scan_line(&text, &line))
			sense |= add(set, line);
		if (!sense && proc_no_sense(err, paths[i], whole) < 0)
			return -1;
	}
	return 0;
}

const struct collector collector_host_sockstat = {
	.name = "sockstat",
	.help = "Sockets in use from /proc/net/sockstat and /proc/net/sockstat6.",
	.metrics = metrics,
	.collect = collect,
};
