/* Temperatures and cooling states from /sys/class/thermal. */
#include "exporters/host/common_sysfs.h"

enum { ZONE_TEMP, COOLING_CURRENT, COOLING_MAX };

static const struct metric_desc metrics[] = {
	[ZONE_TEMP] = {"node_thermal_zone_temp", "Temperature of a zone in degrees Celsius.", METRIC_GAUGE,
                       "zone,type"},
	[COOLING_CURRENT] = {"node_cooling_device_cur_state", "How hard a cooling device works now.", METRIC_GAUGE,
                             "name,type"},
	[COOLING_MAX] = {"node_cooling_device_max_state", "How hard a cooling device can work.", METRIC_GAUGE,
                         "name,type"},
	{0},
};

/* A sensor that does not answer now (EAGAIN, an interface that is down) costs its own sample only. */
static void zone(struct probe *p, struct sample_set *set, const char *dir, const char *number)
{
	const char *type = sysfs_text(p, "class/thermal/%s/type", dir);
	int64_t millidegrees;

	if (type && sysfs_number_of(p, &millidegrees, "class/thermal/%s/temp", dir))
		sample_add(set, &metrics[ZONE_TEMP], (double)millidegrees / 1000,
		           LABELS({"zone", number}, {"type", type}));
}

static void cooling(struct probe *p, struct sample_set *set, const char *dir, const char *number)
{
	const char *type = sysfs_text(p, "class/thermal/%s/type", dir);
	int64_t current, max;

	if (!type || !sysfs_number_of(p, &max, "class/thermal/%s/max_state", dir) ||
	    !sysfs_number_of(p, &current, "class/thermal/%s/cur_state", dir))
		return;
	sample_add(set, &metrics[COOLING_CURRENT], (double)current, LABELS({"name", number}, {"type", type}));
	sample_add(set, &metrics[COOLING_MAX], (double)max, LABELS({"name", number}, {"type", type}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct name_list dirs;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &dirs, err, "class/thermal");

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < dirs.n; i++) {
		const char *number = sysfs_number(dirs.names[i], "thermal_zone");

		if (number)
			zone(p, set, dirs.names[i], number);
		number = sysfs_number(dirs.names[i], "cooling_device");
		if (number)
			cooling(p, set, dirs.names[i], number);
	}
	return 0;
}

const struct collector collector_host_thermal_zone = {
	.name = "thermal_zone",
	.help = "Temperatures and cooling states from /sys/class/thermal.",
	.metrics = metrics,
	.collect = collect,
};
