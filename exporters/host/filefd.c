/* Open files of the whole system, from /proc/sys/fs/file-nr: "allocated unused maximum". */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_filefd_allocated", "Open files of all processes."},
	{"node_filefd_maximum", "The most files that may be open at once."},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole;
	uint64_t allocated, unused, maximum;
	enum read_result rc = reader_word(p->reader, p->arena, ROOT_PROC, &text, err, "sys/fs/file-nr");

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	if (!scan_u64(&text, &allocated) || !scan_u64(&text, &unused) || !scan_u64(&text, &maximum))
		return proc_no_sense(err, "sys/fs/file-nr", whole);
	sample_add(set, &metrics[0], (double)allocated, NO_LABELS);
	sample_add(set, &metrics[1], (double)maximum, NO_LABELS);
	return 0;
}

const struct collector collector_host_filefd = {
	.name = "filefd",
	.help = "Open files of the whole system from /proc/sys/fs/file-nr.",
	.metrics = metrics,
	.collect = collect,
};
