/* Connection tracking, from /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack: a line of names, then a line of
 * hexadecimal numbers for each processor. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

enum { ENTRIES, LIMIT, STATS };

static const struct metric_desc metrics[] = {
	[ENTRIES] = {"node_nf_conntrack_entries", "Connections that are tracked now."},
	[LIMIT] = {"node_nf_conntrack_entries_limit", "The most connections that can be tracked."},
	[STATS] = {"node_nf_conntrack_stat_found", "Searches of the table that found an entry."},
	{"node_nf_conntrack_stat_invalid", "Packets that cannot be tracked."},
	{"node_nf_conntrack_stat_ignore", "Packets that belong to a connection which needs no search."},
	{"node_nf_conntrack_stat_insert", "Entries put into the table."},
	{"node_nf_conntrack_stat_insert_failed", "Entries that could not be put into the table."},
	{"node_nf_conntrack_stat_drop", "Packets dropped because no entry could be made."},
	{"node_nf_conntrack_stat_early_drop", "Entries given up for newer ones when the table was full."},
	{"node_nf_conntrack_stat_search_restart", "Searches begun anew because the table was resized."},
	{0},
};

enum { N_STATS = ARRAY_LEN(metrics) - 1 - STATS, COLUMNS_MAX = 64 };

/* Which statistic a column of that name feeds, or -1. */
static int stat_of(struct span name)
{
	const size_t prefix = sizeof("node_nf_conntrack_stat_") - 1;

	for (int i = 0; i < N_STATS; i++)
		if (span_eq(name, metrics[STATS + i].name + prefix))
			return i;
	return -1;
}

static size_t read_header(struct span line, int columns[COLUMNS_MAX])
{
	struct span name;
	size_t n = 0;

	while (n < COLUMNS_MAX && scan_field(&line, &name))
		columns[n++] = stat_of(name);
	return n;
}

static int collect_stats(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line, word;
	int columns[COLUMNS_MAX];
	uint64_t sum[N_STATS] = {0}, value;
	bool seen[N_STATS] = {false};
	size_t n;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "net/stat/nf_conntrack", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	if (!scan_line(&text, &line))
		return 0;
	n = read_header(line, columns);
	while (scan_line(&text, &line))
		for (size_t i = 0; i < n && scan_field(&line, &word); i++)
			if (columns[i] >= 0 && num_parse_hex(word.s, word.len, &value)) {
				sum[columns[i]] += value;
				seen[columns[i]] = true;
			}
	for (size_t i = 0; i < N_STATS; i++)
		if (seen[i])
			sample_add(set, &metrics[STATS + i], (double)sum[i], NO_LABELS);
	return seen[0] ? 0 : proc_no_sense(err, "net/stat/nf_conntrack", whole);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	enum read_result rc = proc_number(p, set, &metrics[ENTRIES], "sys/net/netfilter/nf_conntrack_count", err);

	if (rc != READ_OK) /* the module is not loaded */
		return rc == READ_FAILED ? -1 : 0;
	if (proc_number(p, set, &metrics[LIMIT], "sys/net/netfilter/nf_conntrack_max", err) == READ_FAILED)
		return -1;
	return collect_stats(p, set, err);
}

const struct collector collector_host_conntrack = {
	.name = "conntrack",
	.help = "Connection tracking from /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack.",
	.metrics = metrics,
	.collect = collect,
};
