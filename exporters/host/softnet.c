/* Packets processed by each processor, from /proc/net/softnet_stat: hexadecimal columns, a line per processor. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_softnet_processed_total", "Packets processed.", METRIC_COUNTER, "cpu"},
	{"node_softnet_dropped_total", "Packets dropped because the queue was full.", METRIC_COUNTER, "cpu"},
	{"node_softnet_times_squeezed_total", "Times that work was left when the budget had run out.", METRIC_COUNTER,
         "cpu"},
	{"node_softnet_cpu_collision_total", "Times that a device's lock was held by another processor.",
         METRIC_COUNTER, "cpu"},
	{"node_softnet_received_rps_total", "Times that another processor woke this one to receive packets.",
         METRIC_COUNTER, "cpu"},
	{"node_softnet_flow_limit_count_total", "Times that a flow's limit was reached.", METRIC_COUNTER, "cpu"},
	{"node_softnet_backlog_len", "Packets in the queue now.", METRIC_GAUGE, "cpu"},
	{0},
};

enum { COLUMNS = 13, CPU_COLUMN = 12 };

/* Where each of metrics[] stands. */
static const size_t column_of[] = {0, 1, 2, 8, 9, 10, 11};

static size_t read_columns(struct span line, uint64_t values[COLUMNS])
{
	struct span word;
	size_t n = 0;

	while (n < COLUMNS && scan_field(&line, &word) && num_parse_hex(word.s, word.len, &values[n]))
		n++;
	return n;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line;
	uint64_t values[COLUMNS], lines = 0;
	bool sense = false;
	char cpu[NUM_MAX];
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "net/softnet_stat", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	for (; scan_line(&text, &line); lines++) {
		size_t n = read_columns(line, values);

		cpu[num_format_u64(n > CPU_COLUMN ? values[CPU_COLUMN] : lines, cpu)] = '\0';
		for (size_t i = 0; i < ARRAY_LEN(column_of) && column_of[i] < n; i++)
			sample_add(set, &metrics[i], (double)values[column_of[i]], LABELS({"cpu", cpu}));
		sense |= n > 0;
	}
	return sense ? 0 : proc_no_sense(err, "net/softnet_stat", whole);
}

const struct collector collector_host_softnet = {
	.name = "softnet",
	.help = "Packets processed by each processor from /proc/net/softnet_stat.",
	.metrics = metrics,
	.collect = collect,
};
