/* TCP connections by state, from /proc/net/tcp and /proc/net/tcp6: the fourth column is the state, the fifth "tx:rx".
 * What a listening socket has in its queues are connections, not bytes, and is not counted. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_tcp_connection_states", "TCP connections by state, and the bytes in their queues.", METRIC_GAUGE,
         "state"},
	{0},
};

enum { LISTEN = 10 };

/* As the kernel numbers them. */
static const char *const states[] = {
	NULL,        "established", "syn_sent",   "syn_recv", "fin_wait1", "fin_wait2",
	"time_wait", "close",       "close_wait", "last_ack", "listen",    "closing",
};

struct totals {
	uint64_t connections[ARRAY_LEN(states)];
	uint64_t tx, rx;
	bool any;
};

static bool add_line(struct span line, struct totals *t)
{
	struct span word, tx, rx;
	uint64_t state, tx_bytes, rx_bytes;

	if (!scan_skip(&line, 3) || !scan_field(&line, &word) || !num_parse_hex(word.s, word.len, &state))
		return false;
	if (!state || state >= ARRAY_LEN(states) || !scan_field(&line, &rx) || !scan_until(&rx, ':', &tx))
		return false;
	if (!num_parse_hex(tx.s, tx.len, &tx_bytes) || !num_parse_hex(rx.s, rx.len, &rx_bytes))
		return false;
	t->connections[state]++;
	if (state != LISTEN) {
		t->tx += tx_bytes;
		t->rx += rx_bytes;
	}
	return true;
}

static int add_file(struct probe *p, const char *path, struct totals *t, struct err *err)
{
	struct span text, whole, line;
	bool sense;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, path, &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	if (!scan_line(&text, &line))
		return 0;
	sense = span_starts(span_trim(line), "sl ");
	while (scan_line(&text, &line))
		sense |= add_line(line, t);
	t->any |= sense;
	return sense ? 0 : proc_no_sense(err, path, whole);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct totals t = {{0}};

	if (add_file(p, "net/tcp", &t, err) < 0 || add_file(p, "net/tcp6", &t, err) < 0)
		return -1;
	if (!t.any)
		return 0;
	for (size_t i = 1; i < ARRAY_LEN(states); i++)
		if (t.connections[i])
			sample_add(set, metrics, (double)t.connections[i], LABELS({"state", states[i]}));
	sample_add(set, metrics, (double)t.tx, LABELS({"state", "tx_queued_bytes"}));
	sample_add(set, metrics, (double)t.rx, LABELS({"state", "rx_queued_bytes"}));
	return 0;
}

const struct collector collector_host_tcpstat = {
	.name = "tcpstat",
	.help = "TCP connections by state from /proc/net/tcp and /proc/net/tcp6; slow where there are very many.",
	.off_by_default = true,
	.metrics = metrics,
	.collect = collect,
};
