/* Memory errors that the memory controllers corrected or could not, from /sys/devices/system/edac/mc. */
#include "exporters/host/common_sysfs.h"

#define MC_DIR "devices/system/edac/mc"

enum { CORRECTABLE, CSROW_CORRECTABLE, CSROW_UNCORRECTABLE, UNCORRECTABLE };

static const struct metric_desc metrics[] = {
	[CORRECTABLE] = {"node_edac_correctable_errors_total", "Memory errors that a controller corrected.",
                         METRIC_COUNTER, "controller"},
	[CSROW_CORRECTABLE] = {"node_edac_csrow_correctable_errors_total",
                               "Memory errors corrected in one row of chips; row unknown: it could not be told.",
                               METRIC_COUNTER, "controller,csrow"},
	[CSROW_UNCORRECTABLE] =
		{"node_edac_csrow_uncorrectable_errors_total",
                 "Memory errors beyond correction in one row of chips; row unknown: it could not be told.",
                 METRIC_COUNTER, "controller,csrow"},
	[UNCORRECTABLE] = {"node_edac_uncorrectable_errors_total", "Memory errors that a controller could not correct.",
                           METRIC_COUNTER, "controller"},
	{0},
};

static void add(struct probe *p, struct sample_set *set, int metric, const char *dir, const char *file,
                const char *controller, const char *csrow)
{
	int64_t n;

	if (!sysfs_number_of(p, &n, "%s/%s", dir, file))
		return;
	sample_add(set, &metrics[metric], (double)n,
	           (const struct label[]){{"controller", controller}, {"csrow", csrow}}, csrow ? 2 : 1);
}

static int controller(struct probe *p, struct sample_set *set, const char *name, const char *number, struct err *err)
{
	const char *dir = arena_printf(p->arena, MC_DIR "/%s", name);
	struct name_list rows;

	add(p, set, CORRECTABLE, dir, "ce_count", number, NULL);
	add(p, set, CSROW_CORRECTABLE, dir, "ce_noinfo_count", number, "unknown");
	add(p, set, UNCORRECTABLE, dir, "ue_count", number, NULL);
	add(p, set, CSROW_UNCORRECTABLE, dir, "ue_noinfo_count", number, "unknown");
	if (reader_list(p->reader, p->arena, ROOT_SYS, &rows, err, "%s", dir) != READ_OK)
		return -1;
	for (size_t i = 0; i < rows.n; i++) {
		const char *row = sysfs_number(rows.names[i], "csrow");
		const char *row_dir;

		if (!row)
			continue;
		row_dir = arena_printf(p->arena, "%s/%s", dir, rows.names[i]);
		add(p, set, CSROW_CORRECTABLE, row_dir, "ce_count", number, row);
		add(p, set, CSROW_UNCORRECTABLE, row_dir, "ue_count", number, row);
	}
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct name_list names;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &names, err, MC_DIR);
	int failed = 0;

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *number = sysfs_number(names.names[i], "mc");

		if (number)
			failed |= controller(p, set, names.names[i], number, err);
	}
	return failed;
}

const struct collector collector_host_edac = {
	.name = "edac",
	.help = "Memory errors from /sys/devices/system/edac.",
	.metrics = metrics,
	.collect = collect,
};
