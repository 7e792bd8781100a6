/* Bytes that wait in the queues of UDP sockets, from /proc/net/udp and /proc/net/udp6: "tx:rx" is the fifth column. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_udp_queues", "Bytes that wait in the queues of UDP sockets.", METRIC_GAUGE, "queue,ip"},
	{0},
};

static const struct {
	const char *path, *ip;
} sources[] = {{"net/udp", "v4"}, {"net/udp6", "v6"}};

struct queues {
	uint64_t tx, rx;
};

static bool add_line(struct span line, struct queues *sum)
{
	struct span tx, rx;
	uint64_t tx_bytes, rx_bytes;

	if (!scan_skip(&line, 4) || !scan_field(&line, &rx) || !scan_until(&rx, ':', &tx))
		return false;
	if (!num_parse_hex(tx.s, tx.len, &tx_bytes) || !num_parse_hex(rx.s, rx.len, &rx_bytes))
		return false;
	sum->tx += tx_bytes;
	sum->rx += rx_bytes;
	return true;
}

static int add_file(struct probe *p, struct sample_set *set, const char *path, const char *ip, struct err *err)
{
	struct span text, whole, line;
	struct queues sum = {0};
	bool sense = false;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, path, &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	if (!scan_line(&text, &line))
		return 0;
	sense = span_starts(span_trim(line), "sl ");
	while (scan_line(&text, &line))
		sense |= add_line(line, &sum);
	if (!sense)
		return proc_no_sense(err, path, whole);
	sample_add(set, metrics, (double)sum.tx, LABELS({"queue", "tx"}, {"ip", ip}));
	sample_add(set, metrics, (double)sum.rx, LABELS({"queue", "rx"}, {"ip", ip}));
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (add_file(p, set, sources[i].path, sources[i].ip, err) < 0)
			return -1;
	return 0;
}

const struct collector collector_host_udp_queues = {
	.name = "udp_queues",
	.help = "Bytes that wait in the queues of UDP sockets from /proc/net/udp and /proc/net/udp6.",
	.metrics = metrics,
	.collect = collect,
};
