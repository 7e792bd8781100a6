/* Pressure stall information, as the kernel tells it of the machine and of each cgroup:
 * "some avg10=0.00 avg60=0.00 avg300=0.00 total=12345". A pure function, any thread. */
#pragma once

#include "base/scan.h"

/* The total, in microseconds, of the line of that kind ("some", "full"); false when there is none. */
bool pressure_total(struct span text, const char *kind, uint64_t *out);
