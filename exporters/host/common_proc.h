/* What several collectors of /proc files do alike. Called on the lane's thread; memory is the probe's arena. */
#pragma once

#include "collect/collector.h"

/* Which devices a collector reports: those of device_include where it is given, else all but device_exclude. */
struct device_filter {
	const struct regex *device_include;
	const struct regex *device_exclude;
};

#define DEVICE_FILTER_FIELDS(exclude)                                                                                  \
	F_REGEX(struct device_filter, device_exclude, exclude, "Devices to leave out; empty: none."),                  \
		F_REGEX(struct device_filter, device_include, NULL,                                                    \
	                "Only these devices, whatever device_exclude says.")

bool device_wanted(const struct device_filter *filter, const char *device);

/* Skips n fields; false when there are fewer. */
bool scan_skip(struct span *line, int n);

/* For the end of a collect() that found nothing to use: 0 where the text is blank, else -1 with an error that names
 * the file and its first line. */
int proc_no_sense(struct err *err, const char *path, struct span text);

/* One number alone in a file below /proc, as a sample. READ_ABSENT, with no sample, where there is no such file. */
MUST_CHECK enum read_result proc_number(struct probe *p, struct sample_set *set, const struct metric_desc *desc,
                                        const char *path, struct err *err);

/* A family named prefix + field + suffix at run time, in the arena. The help must outlive the samples. */
const struct metric_desc *proc_family(struct arena *a, const struct metric_desc *pattern, const char *prefix,
                                      struct span field, const char *suffix);
