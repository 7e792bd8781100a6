/* How the kernel disciplines its clock, from adjtimex(2): it only asks and sets nothing. */
#include <errno.h>

#include "collect/collector.h"

enum { PER_MICRO, PER_STATUS, PLAIN, PER_PPM }; /* units of a value; PER_STATUS: nanoseconds where STA_NANO says so */

static const struct {
	size_t offset;
	size_t size;
	int unit;
	double base;
} parts[] = {
#define PART(member, unit, base)                                                                                       \
	{                                                                                                              \
		offsetof(struct timex, member), sizeof(((struct timex *)0)->member), unit, base                        \
	}
	PART(offset, PER_STATUS, 0),  PART(freq, PER_PPM, 1),    PART(maxerror, PER_MICRO, 0),
	PART(esterror, PER_MICRO, 0), PART(status, PLAIN, 0),    PART(constant, PLAIN, 0),
	PART(tick, PER_MICRO, 0),     PART(ppsfreq, PER_PPM, 0), PART(jitter, PER_STATUS, 0),
	PART(shift, PLAIN, 0),        PART(stabil, PER_PPM, 0),  PART(jitcnt, PLAIN, 0),
	PART(calcnt, PLAIN, 0),       PART(errcnt, PLAIN, 0),    PART(stbcnt, PLAIN, 0),
	PART(tai, PLAIN, 0),
#undef PART
};

enum { SYNC_STATUS = ARRAY_LEN(parts) };

/* One for each part, in the same order. */
static const struct metric_desc metrics[] = {
	{"node_timex_offset_seconds", "How far the local clock is from its reference."},
	{"node_timex_frequency_adjustment_ratio", "By how much the local clock is made to run faster."},
	{"node_timex_maxerror_seconds", "The largest error that the clock can have."},
	{"node_timex_estimated_error_seconds", "The error that the clock is thought to have."},
	{"node_timex_status", "The status bits of the clock (STA_*)."},
	{"node_timex_loop_time_constant", "Time constant of the phase-locked loop."},
	{"node_timex_tick_seconds", "Seconds between two ticks of the clock."},
	{"node_timex_pps_frequency_hertz", "Frequency offset that the pulse per second shows."},
	{"node_timex_pps_jitter_seconds", "Jitter of the pulse per second."},
	{"node_timex_pps_shift_seconds", "Length of the interval over which the pulse per second is measured."},
	{"node_timex_pps_stability_hertz", "Stability of the pulse per second: a mean of recent frequency changes."},
	{"node_timex_pps_jitter_total", "Pulses per second whose jitter was over the limit.", METRIC_COUNTER},
	{"node_timex_pps_calibration_total", "Calibration intervals of the pulse per second.", METRIC_COUNTER},
	{"node_timex_pps_error_total", "Calibration errors of the pulse per second.", METRIC_COUNTER},
	{"node_timex_pps_stability_exceeded_total", "Pulses per second whose stability was over the limit.",
         METRIC_COUNTER},
	{"node_timex_tai_offset_seconds", "How far atomic time is ahead of UTC."},
	[SYNC_STATUS] = {"node_timex_sync_status", "Whether the clock follows a reliable reference (1) or not (0)."},
	{0},
};

static double value_of(const struct timex *t, size_t i)
{
	static const double divisors[] = {[PER_MICRO] = 1e6, [PLAIN] = 1, [PER_PPM] = 1e6 * 65536};
	const void *at = (const char *)t + parts[i].offset;
	double value = parts[i].size == sizeof(long) ? (double)*(const long *)at : (double)*(const int *)at;
	double divisor = parts[i].unit == PER_STATUS ? t->status & STA_NANO ? 1e9 : 1e6 : divisors[parts[i].unit];

	return parts[i].base + value / divisor;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct timex t = {0};
	int state = p->kernel->adjtimex(&t);

	if (state < 0)
		return errno == EPERM || errno == ENOSYS ? 0 : err_errno(err, "adjtimex");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		sample_add(set, &metrics[i], value_of(&t, i), NO_LABELS);
	sample_add(set, &metrics[SYNC_STATUS], state != TIME_ERROR, NO_LABELS);
	return 0;
}

const struct collector collector_host_timex = {
	.name = "timex",
	.help = "State of the kernel's clock from adjtimex.",
	.metrics = metrics,
	.collect = collect,
};
