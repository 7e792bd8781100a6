/* The kernel's random number generator, from /proc/sys/kernel/random. */
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_entropy_available_bits", "Bits of entropy that are available."},
	{"node_entropy_pool_size_bits", "Bits of entropy that the pool can hold."},
	{0},
};

static const char *const paths[] = {"sys/kernel/random/entropy_avail", "sys/kernel/random/poolsize"};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (proc_number(p, set, &metrics[i], paths[i], err) == READ_FAILED)
			return -1;
	return 0;
}

const struct collector collector_host_entropy = {
	.name = "entropy",
	.help = "Entropy of the kernel's random number generator.",
	.metrics = metrics,
	.collect = collect,
};
