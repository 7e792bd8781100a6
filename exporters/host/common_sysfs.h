/* What collectors of /sys share: numbered entries, and short texts for labels.
 *
 * Memory is the probe's arena. On the lane's thread, as the collectors themselves. */
#pragma once

#include "collect/collector.h"

/* The number's text in names such as "mc0" or "cpu12" (prefix, then a digit), or NULL. */
const char *sysfs_number(const char *name, const char *prefix);

/* A file below /sys as a trimmed text for a label: NULL where there is none or we may not read it. */
const char *sysfs_text(struct probe *p, const char *fmt, ...) PRINTF(2, 3);

/* As reader_i64 below /sys, for what may also be written as 0x1f: false where there is no number to be had. */
bool sysfs_number_of(struct probe *p, int64_t *out, const char *fmt, ...) PRINTF(3, 4);
