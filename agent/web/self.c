#include "web/self.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/scan.h"
#include "web/internal.h"

enum {
	BUILD_INFO,
	PROCESS_CPU,
	PROCESS_RSS,
	PROCESS_VIRTUAL,
	PROCESS_VIRTUAL_MAX,
	PROCESS_FDS,
	PROCESS_FDS_MAX,
	PROCESS_START,
	RELOAD_OK,
	RELOAD_TIME,
	SCRAPE_PARTS,
	HTTP_REQUESTS,
	HTTP_CONNECTIONS,
	HTTP_CUT,
};

const struct metric_desc web_metrics[] = {
	[BUILD_INFO] = {"vedette_build_info", "Always 1; the labels tell which agent this is.", METRIC_GAUGE,
                        "version,compiler"},
	[PROCESS_CPU] = {"process_cpu_seconds_total", "Processor time that the agent has used, user and system.",
                         METRIC_COUNTER},
	[PROCESS_RSS] = {"process_resident_memory_bytes", "Memory of the agent that is in RAM.", METRIC_GAUGE},
	[PROCESS_VIRTUAL] = {"process_virtual_memory_bytes", "Address space that the agent has mapped.", METRIC_GAUGE},
	[PROCESS_VIRTUAL_MAX] = {"process_virtual_memory_max_bytes", "The most address space that the agent may map.",
                                 METRIC_GAUGE},
	[PROCESS_FDS] = {"process_open_fds", "File descriptors that the agent has open.", METRIC_GAUGE},
	[PROCESS_FDS_MAX] = {"process_max_fds", "The most file descriptors that the agent may have open.",
                             METRIC_GAUGE},
	[PROCESS_START] = {"process_start_time_seconds", "When the agent was started, in seconds since 1970.",
                           METRIC_GAUGE},
	[RELOAD_OK] = {"vedette_config_last_reload_successful",
                       "Whether the last configuration that was read is in use.", METRIC_GAUGE},
	[RELOAD_TIME] = {"vedette_config_last_reload_success_timestamp_seconds",
                         "When the configuration in use was read, in seconds since 1970.", METRIC_GAUGE},
	[SCRAPE_PARTS] = {"vedette_scrape_duration_seconds",
                          "How long the parts of the last scrape before this one took: waiting for all lanes, writing "
                          "the text, compressing it.",
                          METRIC_GAUGE, "part"},
	[HTTP_REQUESTS] = {"vedette_http_requests_total", "Requests that the agent has answered.", METRIC_COUNTER,
                           "code"},
	[HTTP_CONNECTIONS] = {"vedette_http_connections", "Connections that are open.", METRIC_GAUGE},
	[HTTP_CUT] = {"vedette_http_connections_cut_total",
                      "Connections that were closed because a client took too long.", METRIC_COUNTER},
	{0},
};

enum {
	STAT_FIELDS_BEFORE_STATE = 2,
	STAT_THREADS = 20,
	STAT_START = 22,
	STAT_VSIZE = 23,
	STAT_RSS = 24,
	STAT_MAX = 24
};

/* The numbers of /proc/self/stat, counted from 1 as the manual does; fields that are no number are 0. */
static bool read_stat(int fd, double fields[STAT_MAX + 1])
{
	char text[1024];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	struct span rest, field;
	const char *paren;

	memset(fields, 0, sizeof(double) * (STAT_MAX + 1));
	if (n <= 0)
		return false;
	text[n] = '\0';
	paren = strrchr(text, ')'); /* the name before it may hold anything */
	if (!paren)
		return false;
	rest = span_of(paren + 1);
	for (int i = STAT_FIELDS_BEFORE_STATE + 1; i <= STAT_MAX && scan_field(&rest, &field); i++)
		if (!num_parse_double(field.s, field.len, &fields[i]))
			fields[i] = 0;
	return true;
}

static double real_start(const double *fields)
{
	double up = fields[STAT_START] / (double)sysconf(_SC_CLK_TCK);

	return ns_to_seconds(clock_real_ns()) - ns_to_seconds(clock_ns(CLOCK_BOOTTIME)) + up;
}

void self_init(struct self *self)
{
	double fields[STAT_MAX + 1];

	self->stat_fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	self->start_time = read_stat(self->stat_fd, fields) ? real_start(fields) : ns_to_seconds(clock_real_ns());
}

void self_fini(struct self *self)
{
	if (self->stat_fd >= 0)
		close(self->stat_fd);
	self->stat_fd = -1;
}

static double count_fds(void)
{
	DIR CLEANUP_DIR *dir = NULL;
	struct stat st;
	double n = 0;

	if (!stat("/proc/self/fd", &st) && st.st_size > 0)
		return (double)st.st_size; /* Linux 6.2 and later count for us */
	dir = opendir("/proc/self/fd");
	while (dir && readdir(dir))
		n++;
	return n > 3 ? n - 3 : 0; /* less ".", ".." and the directory itself */
}

static double limit(int resource)
{
	struct rlimit l = {0};

	getrlimit((__rlimit_resource_t)resource, &l);
	return (double)l.rlim_cur;
}

static double seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

void self_usage(const struct self *self, struct self_usage *out)
{
	double fields[STAT_MAX + 1];
	struct rusage ru = {0};

	getrusage(RUSAGE_SELF, &ru);
	read_stat(self->stat_fd, fields);
	*out = (struct self_usage){
		.cpu_seconds = seconds(&ru.ru_utime) + seconds(&ru.ru_stime),
		.rss_bytes = fields[STAT_RSS] * (double)sysconf(_SC_PAGESIZE),
		.virtual_bytes = fields[STAT_VSIZE],
		.threads = fields[STAT_THREADS],
		.fds = count_fds(),
		.max_fds = limit(RLIMIT_NOFILE),
	};
}

static void gauge(struct sample_set *set, int which, double value)
{
	sample_add(set, &web_metrics[which], value, NO_LABELS);
}

static void process_samples(const struct self *self, struct sample_set *set)
{
	struct self_usage usage;

	self_usage(self, &usage);
	gauge(set, PROCESS_CPU, usage.cpu_seconds);
	gauge(set, PROCESS_RSS, usage.rss_bytes);
	gauge(set, PROCESS_VIRTUAL, usage.virtual_bytes);
	gauge(set, PROCESS_VIRTUAL_MAX, limit(RLIMIT_AS));
	gauge(set, PROCESS_FDS, usage.fds);
	gauge(set, PROCESS_FDS_MAX, usage.max_fds);
	gauge(set, PROCESS_START, self->start_time);
}

static void http_samples(struct sample_set *set, const struct self_facts *facts)
{
	for (size_t i = 0; i < facts->n_codes && facts->codes[i].code; i++) {
		char code[12];

		snprintf(code, sizeof(code), "%u", facts->codes[i].code);
		sample_add(set, &web_metrics[HTTP_REQUESTS], (double)facts->codes[i].n, LABELS({"code", code}));
	}
	gauge(set, HTTP_CONNECTIONS, (double)facts->connections);
	gauge(set, HTTP_CUT, (double)facts->cut);
}

static void scrape_samples(struct sample_set *set, const struct scrape_times *times)
{
	const struct metric_desc *desc = &web_metrics[SCRAPE_PARTS];

	sample_add(set, desc, times->collect, LABELS({"part", "collect"}));
	sample_add(set, desc, times->encode, LABELS({"part", "encode"}));
	sample_add(set, desc, times->compress, LABELS({"part", "compress"}));
}

void self_samples(const struct self *self, struct sample_set *set, const struct self_facts *facts)
{
	sample_add(set, &web_metrics[BUILD_INFO], 1, LABELS({"version", VEDETTE_VERSION}, {"compiler", __VERSION__}));
	process_samples(self, set);
	gauge(set, RELOAD_OK, facts->reload.successful);
	gauge(set, RELOAD_TIME, facts->reload.success_time);
	if (facts->times.collect > 0)
		scrape_samples(set, &facts->times);
	http_samples(set, facts);
}
