/* The running kernel, as uname tells it. */
#include "collect/collector.h"

static const struct metric_desc metrics[] = {
	{"node_uname_info", "The running kernel, as uname tells it.", METRIC_GAUGE,
         "domainname,machine,nodename,release,sysname,version"},
	{0},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct utsname u;

	if (p->kernel->uname(&u) < 0)
		return err_errno(err, "uname");
	sample_add(set, &metrics[0], 1,
	           LABELS({"domainname", u.domainname}, {"machine", u.machine}, {"nodename", u.nodename},
	                  {"release", u.release}, {"sysname", u.sysname}, {"version", u.version}));
	return 0;
}

const struct collector collector_host_uname = {
	.name = "uname",
	.help = "Kernel and node name.",
	.metrics = metrics,
	.collect = collect,
};
