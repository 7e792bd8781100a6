/* Processors: time by mode from /proc/stat, identity from /proc/cpuinfo, thermal throttling and isolation from
 * /sys/devices/system/cpu. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

enum { SECONDS, GUEST, INFO, CORE_THROTTLES, PACKAGE_THROTTLES, ISOLATED };

static const struct metric_desc metrics[] = {
	[SECONDS] = {"node_cpu_seconds_total", "Time that the processor spent in each mode.", METRIC_COUNTER,
                     "cpu,mode"},
	[GUEST] = {"node_cpu_guest_seconds_total",
                   "Time that the processor ran virtual machines; it is also part of the mode's own.", METRIC_COUNTER,
                   "cpu,mode"},
	[INFO] = {"node_cpu_info", "What /proc/cpuinfo tells about the processor; always 1.", METRIC_GAUGE,
                  "package,core,cpu,vendor,family,model,model_name,microcode,stepping,cachesize"},
	[CORE_THROTTLES] = {"node_cpu_core_throttles_total", "Times that a core was slowed down because of its heat.",
                            METRIC_COUNTER, "package,core"},
	[PACKAGE_THROTTLES] = {"node_cpu_package_throttles_total",
                               "Times that a package was slowed down because of its heat.", METRIC_COUNTER, "package"},
	[ISOLATED] = {"node_cpu_isolated", "1 for a processor that the scheduler leaves alone.", METRIC_GAUGE, "cpu"},
	{0},
};

/* Columns of a "cpu0" line, in hundredths of a second (USER_HZ, the same on all machines). */
static const struct {
	int metric;
	const char *mode;
} columns[] = {
	{SECONDS, "user"}, {SECONDS, "nice"},    {SECONDS, "system"}, {SECONDS, "idle"}, {SECONDS, "iowait"},
	{SECONDS, "irq"},  {SECONDS, "softirq"}, {SECONDS, "steal"},  {GUEST, "user"},   {GUEST, "nice"},
};

/* "cpu12" and its columns; false for all other lines. */
static bool add_times(struct sample_set *set, struct span line)
{
	struct span name;
	uint64_t ticks;
	char cpu[16];
	size_t n = 0;

	if (!scan_field(&line, &name) || !span_starts(name, "cpu"))
		return false;
	name.s += 3;
	name.len -= 3;
	if (!num_parse_u64(name.s, name.len, &ticks) || !span_copy(name, cpu, sizeof(cpu)))
		return false;
	for (; n < ARRAY_LEN(columns) && scan_u64(&line, &ticks); n++)
		sample_add(set, &metrics[columns[n].metric], (double)ticks / 100,
		           LABELS({"cpu", cpu}, {"mode", columns[n].mode}));
	return n > 0;
}

static int collect_times(struct probe *p, struct sample_set *set, struct err *err)
{
	struct span text, whole, line;
	bool sense = false;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "stat", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line) && span_starts(line, "cpu")) /* they stand first */
		sense |= add_times(set, line);
	return sense ? 0 : proc_no_sense(err, "stat", whole);
}

enum { CPU = 2, LABELS_N = 10, VALUE_MAX = 128 };

/* Labels of node_cpu_info and the keys that /proc/cpuinfo has for them. */
static const struct {
	const char *label, *key;
} identity[LABELS_N] = {
	{"package", "physical id"},   {"core", "core id"},        {"cpu", "processor"},
	{"vendor", "vendor_id"},      {"family", "cpu family"},   {"model", "model"},
	{"model_name", "model name"}, {"microcode", "microcode"}, {"stepping", "stepping"},
	{"cachesize", "cache size"},
};

struct identity_card {
	char values[LABELS_N][VALUE_MAX];
};

static void add_identity(struct sample_set *set, struct identity_card *card)
{
	struct label labels[LABELS_N];

	for (size_t i = 0; i < LABELS_N; i++)
		labels[i] = (struct label){identity[i].label, card->values[i]};
	if (card->values[CPU][0])
		sample_add(set, &metrics[INFO], 1, labels, LABELS_N);
	*card = (struct identity_card){0};
}

/* "model name\t: AMD EPYC" */
static void read_identity(struct identity_card *card, struct span line)
{
	struct span key;

	if (!scan_until(&line, ':', &key))
		return;
	key = span_trim(key);
	for (size_t i = 0; i < LABELS_N; i++)
		if (span_eq(key, identity[i].key) && !span_copy(span_trim(line), card->values[i], VALUE_MAX))
			card->values[i][0] = '\0';
}

/* A block of lines for each processor, with an empty line behind it. */
static int collect_identity(struct probe *p, struct sample_set *set, struct err *err)
{
	struct identity_card card = {0};
	struct span text, line;
	enum read_result rc = reader_recall(p->reader, p->arena, ROOT_PROC, "cpuinfo", RECALL_HARDWARE, &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	while (scan_line(&text, &line)) {
		if (span_trim(line).len)
			read_identity(&card, line);
		else
			add_identity(set, &card);
	}
	add_identity(set, &card);
	return 0;
}

/* Walks a list such as "0-3,8". */
struct cpu_list {
	struct span rest;
	uint64_t next, last;
	bool inside;
};

enum { CPUS_MAX = 65536 }; /* a list that goes further is none */

static bool next_range(struct cpu_list *list)
{
	struct span part, first;

	if (!list->rest.len)
		return false;
	if (!scan_until(&list->rest, ',', &part)) {
		part = list->rest;
		list->rest.len = 0;
	}
	if (!scan_until(&part, '-', &first))
		first = part;
	return num_parse_u64(first.s, first.len, &list->next) && num_parse_u64(part.s, part.len, &list->last) &&
	       list->last < CPUS_MAX && list->next <= list->last;
}

static bool next_cpu(struct cpu_list *list, uint64_t *cpu)
{
	if (!list->inside && !next_range(list))
		return false;
	*cpu = list->next++;
	list->inside = list->next <= list->last;
	return true;
}

static int read_cpu_list(struct probe *p, struct cpu_list *list, const char *name, struct err *err)
{
	*list = (struct cpu_list){0};
	return reader_word(p->reader, p->arena, ROOT_SYS, &list->rest, err, "devices/system/cpu/%s", name);
}

static int collect_isolated(struct probe *p, struct sample_set *set, struct err *err)
{
	struct cpu_list list;
	uint64_t cpu;
	char id[NUM_MAX];

	if (read_cpu_list(p, &list, "isolated", err) == READ_FAILED)
		return -1;
	while (next_cpu(&list, &cpu)) {
		id[num_format_u64(cpu, id)] = '\0';
		sample_add(set, &metrics[ISOLATED], 1, LABELS({"cpu", id}));
	}
	return 0;
}

/* Cores and packages that have been reported: several processors share them. */
struct seen {
	struct core {
		int64_t package, core;
	} * cores;
	size_t n, room;
};

static bool seen_core(const struct seen *seen, int64_t package, int64_t core)
{
	for (size_t i = 0; i < seen->n; i++)
		if (seen->cores[i].package == package && (core < 0 || seen->cores[i].core == core))
			return true;
	return false;
}

static void remember_core(struct arena *a, struct seen *seen, int64_t package, int64_t core)
{
	if (seen->n == seen->room) {
		size_t room = seen->room ? seen->room * 2 : 16;
		struct core *cores = ARENA_ARRAY(a, struct core, room);

		if (seen->n)
			memcpy(cores, seen->cores, seen->n * sizeof(*cores));
		seen->cores = cores;
		seen->room = room;
	}
	seen->cores[seen->n++] = (struct core){package, core};
}

static enum read_result cpu_number(struct probe *p, uint64_t cpu, const char *file, int64_t *out, struct err *err)
{
	return reader_i64(p->reader, p->arena, ROOT_SYS, out, err, "devices/system/cpu/cpu%lu/%s", cpu, file);
}

/* False where this processor has no such counters, and then neither have the others. */
static bool add_throttles(struct probe *p, struct sample_set *set, uint64_t cpu, struct seen *seen, struct err *err)
{
	int64_t by_core, by_package, package, core;
	char package_id[NUM_MAX], core_id[NUM_MAX];
	bool has_core = cpu_number(p, cpu, "thermal_throttle/core_throttle_count", &by_core, err) == READ_OK;
	bool has_package = cpu_number(p, cpu, "thermal_throttle/package_throttle_count", &by_package, err) == READ_OK;

	if (!has_core && !has_package)
		return false;
	if (cpu_number(p, cpu, "topology/physical_package_id", &package, err) != READ_OK || package < 0 ||
	    cpu_number(p, cpu, "topology/core_id", &core, err) != READ_OK || core < 0)
		return true;
	package_id[num_format_u64((uint64_t)package, package_id)] = '\0';
	core_id[num_format_u64((uint64_t)core, core_id)] = '\0';
	if (has_package && !seen_core(seen, package, -1))
		sample_add(set, &metrics[PACKAGE_THROTTLES], (double)by_package, LABELS({"package", package_id}));
	if (has_core && !seen_core(seen, package, core))
		sample_add(set, &metrics[CORE_THROTTLES], (double)by_core,
		           LABELS({"package", package_id}, {"core", core_id}));
	remember_core(p->arena, seen, package, core);
	return true;
}

static int collect_throttles(struct probe *p, struct sample_set *set, struct err *err)
{
	struct seen seen = {0};
	struct cpu_list online;
	uint64_t cpu;

	if (read_cpu_list(p, &online, "online", err) == READ_FAILED)
		return -1;
	while (next_cpu(&online, &cpu))
		if (!add_throttles(p, set, cpu, &seen, err))
			break;
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	if (collect_times(p, set, err) < 0 || collect_identity(p, set, err) < 0)
		return -1;
	if (collect_isolated(p, set, err) < 0)
		return -1;
	return collect_throttles(p, set, err);
}

const struct collector collector_host_cpu = {
	.name = "cpu",
	.help = "Processors: time by mode, identity, throttling and isolation.",
	.metrics = metrics,
	.collect = collect,
};
