/* The clock, the zone, and what the kernel counts time with. */
#include "exporters/host/common_sysfs.h"

#define SOURCES_DIR "devices/system/clocksource"

enum { SECONDS, ZONE_OFFSET, AVAILABLE, CURRENT };

static const struct metric_desc metrics[] = {
	[SECONDS] = {"node_time_seconds", "The machine's clock, in seconds since 1970."},
	[ZONE_OFFSET] = {"node_time_zone_offset_seconds", "How far the local time is ahead of UTC.", METRIC_GAUGE,
                         "time_zone"},
	[AVAILABLE] = {"node_time_clocksource_available_info", "Clock sources that the kernel could use.", METRIC_GAUGE,
                       "clocksource,device"},
	[CURRENT] = {"node_time_clocksource_current_info", "The clock source that the kernel uses.", METRIC_GAUGE,
                     "clocksource,device"},
	{0},
};

static void sources(struct probe *p, struct sample_set *set, const char *dir, const char *device)
{
	const char *current = sysfs_text(p, SOURCES_DIR "/%s/current_clocksource", dir);
	const char *available = sysfs_text(p, SOURCES_DIR "/%s/available_clocksource", dir);
	struct span rest = span_of(available ? available : ""), name;

	while (scan_field(&rest, &name))
		sample_add(set, &metrics[AVAILABLE], 1,
		           LABELS({"clocksource", arena_strndup(p->arena, name.s, name.len)}, {"device", device}));
	if (current)
		sample_add(set, &metrics[CURRENT], 1, LABELS({"clocksource", current}, {"device", device}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct name_list dirs;
	struct timespec now;
	struct tm local;
	enum read_result rc;

	if (p->kernel->clock_gettime(CLOCK_REALTIME, &now) < 0)
		return err_errno(err, "clock_gettime");
	sample_add(set, &metrics[SECONDS], (double)now.tv_sec + (double)now.tv_nsec / 1e9, NO_LABELS);
	if (localtime_r(&now.tv_sec, &local))
		sample_add(set, &metrics[ZONE_OFFSET], (double)local.tm_gmtoff, LABELS({"time_zone", local.tm_zone}));
	rc = reader_list(p->reader, p->arena, ROOT_SYS, &dirs, err, SOURCES_DIR);
	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < dirs.n; i++) {
		const char *device = sysfs_number(dirs.names[i], "clocksource");

		if (device)
			sources(p, set, dirs.names[i], device);
	}
	return 0;
}

const struct collector collector_host_time = {
	.name = "time",
	.help = "Clock, time zone and clock sources.",
	.metrics = metrics,
	.collect = collect,
};
