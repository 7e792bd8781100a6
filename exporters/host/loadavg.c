/* Load averages from /proc/loadavg: "0.52 0.58 0.59 1/467 12345". */
#include "base/num.h"
#include "collect/collector.h"

static const struct metric_desc metrics[] = {
	{"node_load1", "Load average over 1 minute."},
	{"node_load5", "Load average over 5 minutes."},
	{"node_load15", "Load average over 15 minutes."},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, word;
	double load;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "loadavg", &text, err);

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (int i = 0; i < 3; i++) {
		if (!scan_field(&text, &word) || !num_parse_double(word.s, word.len, &load))
			return err_set(err, "loadavg: number %d of 3 is missing", i + 1);
		sample_add(set, &metrics[i], load, NO_LABELS);
	}
	return 0;
}

const struct collector collector_host_loadavg = {
	.name = "loadavg",
	.help = "Load averages from /proc/loadavg.",
	.metrics = metrics,
	.collect = collect,
};
