/* What one cgroup uses. Source of the files' formats: the kernel's Documentation/admin-guide/cgroup-v2.rst. */
#include "base/num.h"
#include "collect/pressure.h"
#include "exporters/container/common_container.h"

#define NO_LABEL ((struct label){0})

static const struct label total_cpu = {"cpu", "total"};

/* Which number of which file is which sample. Rows of one file stand together. */
static const struct source {
	const char *file;
	const char *key; /* of its line; NULL: the file is one number */
	enum container_metric metric;
	double divisor;
	bool everywhere; /* also for services and slices */
} sources[] = {
	{"cpu.stat", "usage_usec", CPU_USAGE, 1e6, true},
	{"cpu.stat", "user_usec", CPU_USER, 1e6, true},
	{"cpu.stat", "system_usec", CPU_SYSTEM, 1e6, true},
	{"cpu.stat", "nr_periods", CFS_PERIODS, 1, false},
	{"cpu.stat", "nr_throttled", CFS_THROTTLED_PERIODS, 1, false},
	{"cpu.stat", "throttled_usec", CFS_THROTTLED, 1e6, false},
	{"memory.current", NULL, MEMORY_USAGE, 1, true},
	{"memory.stat", "inactive_file", MEMORY_WORKING_SET, 1, true}, /* as read: subtracted from the usage below */
	{"memory.stat", "anon", MEMORY_RSS, 1, true},
	{"memory.stat", "file", MEMORY_CACHE, 1, true},
	{"memory.stat", "file_mapped", MEMORY_MAPPED, 1, false},
	{"memory.stat", "kernel", MEMORY_KERNEL, 1, false},
	{"memory.stat", "active_file", MEMORY_ACTIVE_FILE, 1, false},
	{"memory.stat", "inactive_file", MEMORY_INACTIVE_FILE, 1, false},
	{"memory.stat", "pgfault", MEMORY_FAILURES, 1, false},
	{"memory.stat", "pgmajfault", MEMORY_FAILURES, 1, false},
	{"memory.swap.current", NULL, MEMORY_SWAP, 1, false},
	{"memory.peak", NULL, MEMORY_PEAK, 1, false},
	{"memory.events", "max", MEMORY_FAILCNT, 1, false},
	{"memory.events", "oom_kill", OOM_EVENTS, 1, true},
	{"memory.max", NULL, SPEC_MEMORY, 1, false},
	{"memory.swap.max", NULL, SPEC_MEMORY_SWAP, 1, false},
	{"memory.min", NULL, SPEC_MEMORY_RESERVATION, 1, false},
	{"pids.current", NULL, THREADS, 1, true},
	{"pids.max", NULL, THREADS_MAX, 1, false},
};

static const struct {
	const char *file, *line;
	enum container_metric metric;
} pressures[] = {
	{"cpu.pressure", "some", PRESSURE_CPU_WAITING},       {"cpu.pressure", "full", PRESSURE_CPU_STALLED},
	{"io.pressure", "some", PRESSURE_IO_WAITING},         {"io.pressure", "full", PRESSURE_IO_STALLED},
	{"memory.pressure", "some", PRESSURE_MEMORY_WAITING}, {"memory.pressure", "full", PRESSURE_MEMORY_STALLED},
};

/* What samples of one cgroup need of each other. */
struct usage {
	bool limited; /* it has a processor limit */
	double memory;
};

static enum read_result read_file(struct probe *p, const char *base, const struct subject *s, const char *file,
                                  struct span *text, struct err *err)
{
	const char *path = s->cgroup->path[1] ? s->cgroup->path : "";

	return reader_readf(p->reader, p->arena, ROOT_SYS, text, err, "%s%s/%s", base, path, file);
}

static void add_faults(struct sample_set *set, struct subject *s, const char *type, double value)
{
	s->labels[s->n++] = (struct label){"failure_type", type};
	s->added = false;
	subject_add(set, s, MEMORY_FAILURES, value, (struct label){"scope", "container"});
	s->added = false;
	s->n--;
}

static void add_source(struct sample_set *set, struct subject *s, const struct source *src, struct usage *u,
                       uint64_t number)
{
	double value = (double)number / src->divisor;

	if (src->metric == MEMORY_USAGE)
		u->memory = value;
	if (src->metric == MEMORY_WORKING_SET)
		value = u->memory > value ? u->memory - value : 0;
	if (src->metric >= CFS_PERIODS && src->metric <= CFS_THROTTLED && !u->limited)
		return;
	if (src->metric == MEMORY_FAILURES)
		add_faults(set, s, src->key, value);
	else
		subject_add(set, s, src->metric, value, src->metric == CPU_USAGE ? total_cpu : NO_LABEL);
}

/* "max" is no limit, which cAdvisor shows as 0. */
static bool number_of(struct span text, uint64_t *out)
{
	text = span_trim(text);
	*out = 0;
	return span_eq(text, "max") || num_parse_u64(text.s, text.len, out);
}

/* All rows of one file; in the order of the rows, because the working set needs the usage. */
static void take_file(struct sample_set *set, struct subject *s, const struct source *src, size_t n, struct span text,
                      struct usage *u)
{
	struct span line, key;
	uint64_t number;

	if (!src->key) {
		if (number_of(text, &number))
			add_source(set, s, src, u, number);
		return;
	}
	while (scan_line(&text, &line)) {
		if (!scan_until(&line, ' ', &key))
			continue;
		for (size_t i = 0; i < n; i++)
			if (span_eq(key, src[i].key) && (src[i].everywhere || s->cgroup->kind == CGROUP_CONTAINER) &&
			    number_of(line, &number))
				add_source(set, s, &src[i], u, number);
	}
}

static int take_sources(struct probe *p, const char *base, struct subject *s, struct sample_set *set, struct usage *u,
                        struct err *err)
{
	int result = 0;

	for (size_t i = 0, n; i < ARRAY_LEN(sources); i += n) {
		bool wanted = s->cgroup->kind == CGROUP_CONTAINER;
		struct span text;
		enum read_result rc;

		for (n = 0; i + n < ARRAY_LEN(sources) && sources[i + n].file == sources[i].file; n++)
			wanted = wanted || sources[i + n].everywhere;
		if (!wanted)
			continue;
		rc = read_file(p, base, s, sources[i].file, &text, err);
		if (rc == READ_OK)
			take_file(set, s, &sources[i], n, text, u);
		else if (rc == READ_FAILED)
			result = -1;
	}
	return result;
}

/* "50000 100000" or "max 100000" */
static int take_limit(struct probe *p, const char *base, struct subject *s, struct sample_set *set, struct usage *u,
                      struct err *err)
{
	struct span text, quota;
	uint64_t allowed, period;
	enum read_result rc = read_file(p, base, s, "cpu.max", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	text = span_trim(text);
	if (!scan_field(&text, &quota) || !scan_u64(&text, &period))
		return 0;
	subject_add(set, s, SPEC_CPU_PERIOD, (double)period, NO_LABEL);
	u->limited = num_parse_u64(quota.s, quota.len, &allowed);
	if (u->limited)
		subject_add(set, s, SPEC_CPU_QUOTA, (double)allowed, NO_LABEL);
	return 0;
}

static int take_pressures(struct probe *p, const char *base, struct subject *s, struct sample_set *set, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < ARRAY_LEN(pressures); i += 2) {
		struct span text;
		uint64_t total;
		enum read_result rc = read_file(p, base, s, pressures[i].file, &text, err);

		if (rc == READ_FAILED)
			result = -1;
		for (size_t k = i; rc == READ_OK && k < i + 2; k++)
			if (pressure_total(text, pressures[k].line, &total))
				subject_add(set, s, pressures[k].metric, (double)total / 1e6, NO_LABEL);
	}
	return result;
}

/* "8:0" as "/dev/sda" */
static const char *ask_device(struct probe *p, const char *text)
{
	const char *target, *slash;
	struct err ignored;

	if (reader_link(p->reader, p->arena, ROOT_SYS, &target, &ignored, "dev/block/%s", text) != READ_OK)
		return arena_strdup(p->arena, text);
	slash = strrchr(target, '/');
	return arena_printf(p->arena, "/dev/%s", slash ? slash + 1 : target);
}

/* Containers share their disks: each is asked for once in a collection, but for those beyond the first few. */
static const char *device_name(struct probe *p, struct devices *known, struct span number)
{
	char text[sizeof(known->items[0].number)] = "";
	const char *name;

	if (!span_copy(number, text, sizeof(text)))
		return NULL;
	for (size_t i = 0; i < known->n; i++)
		if (!strcmp(known->items[i].number, text))
			return known->items[i].name;
	name = ask_device(p, text);
	if (known->n < ARRAY_LEN(known->items)) {
		memcpy(known->items[known->n].number, text, sizeof(text));
		known->items[known->n++].name = name;
	}
	return name;
}

static void take_device(struct sample_set *set, struct subject *s, const char *device, struct span line)
{
	static const struct {
		const char *key;
		enum container_metric metric;
	} keys[] = {{"rbytes", FS_READ_BYTES}, {"wbytes", FS_WRITE_BYTES}, {"rios", FS_READS}, {"wios", FS_WRITES}};
	struct span field, key;
	uint64_t number;

	while (scan_field(&line, &field))
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			struct span value = field;

			if (scan_until(&value, '=', &key) && span_eq(key, keys[i].key) &&
			    num_parse_u64(value.s, value.len, &number))
				subject_add(set, s, keys[i].metric, (double)number, (struct label){"device", device});
		}
}

static int take_disks(struct probe *p, const char *base, struct subject *s, struct sample_set *set, struct err *err)
{
	struct span text, line, number;
	enum read_result rc = read_file(p, base, s, "io.stat", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	while (scan_line(&text, &line)) {
		const char *device;

		if (!scan_field(&line, &number) || !line.len)
			continue;
		device = device_name(p, s->devices, number);
		if (device)
			take_device(set, s, device, line);
	}
	return 0;
}

int container_usage(struct probe *p, const char *base, struct subject *s, struct sample_set *set, struct err *err)
{
	struct usage u = {0};
	int result = 0;

	if (s->cgroup->kind == CGROUP_CONTAINER && take_limit(p, base, s, set, &u, err) < 0)
		result = -1;
	if (take_sources(p, base, s, set, &u, err) < 0)
		result = -1;
	if (s->cgroup->kind != CGROUP_CONTAINER)
		return result;
	if (take_disks(p, base, s, set, err) < 0 || take_pressures(p, base, s, set, err) < 0)
		result = -1;
	return result;
}
