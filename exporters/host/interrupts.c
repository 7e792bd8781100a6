/* Interrupts of each line and processor, from /proc/interrupts: a line of processors, then a line for each kind. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_interrupts_total", "Interrupts by line and processor.", METRIC_COUNTER, "cpu,type,info,devices"},
	{0},
};

enum { CPUS_MAX = 8192 };

struct table {
	struct probe *probe;
	struct sample_set *set;
	char (*cpus)[NUM_MAX];
	size_t n_cpus;
};

/* "           CPU0       CPU1" */
static bool read_header(struct table *t, struct span line)
{
	struct span word, count = line;
	uint64_t cpu;
	size_t n = 0;

	while (n < CPUS_MAX && scan_field(&count, &word))
		n++;
	t->cpus = arena_alloc(t->probe->arena, n * sizeof(*t->cpus));
	for (t->n_cpus = 0; t->n_cpus < n && scan_field(&line, &word); t->n_cpus++) {
		if (!span_starts(word, "CPU") || !num_parse_u64(word.s + 3, word.len - 3, &cpu))
			return false;
		t->cpus[t->n_cpus][num_format_u64(cpu, t->cpus[t->n_cpus])] = '\0';
	}
	return n > 0;
}

/* The rest of a line with single spaces between its words. */
static const char *squeeze(struct arena *a, struct span rest)
{
	char *text = arena_alloc(a, rest.len + 2), *end = text;
	struct span word;

	while (scan_field(&rest, &word)) {
		memcpy(end, word.s, word.len);
		end += word.len;
		*end++ = ' ';
	}
	end[end > text ? -1 : 0] = '\0';
	return text;
}

/* What a numbered line says is "controller number-kind devices", what a named one says is prose. */
static bool read_line(struct table *t, struct span line)
{
	struct arena *a = t->probe->arena;
	struct span type, word, counts;
	const char *name, *info, *devices = "";
	uint64_t n;

	if (!scan_until(&line, ':', &type))
		return false;
	type = span_trim(type);
	counts = line;
	for (size_t i = 0; i < t->n_cpus; i++)
		if (!scan_u64(&line, &n))
			return false;
	name = arena_strndup(a, type.s, type.len);
	if (num_parse_u64(type.s, type.len, &n)) {
		info = scan_field(&line, &word) ? arena_strndup(a, word.s, word.len) : "";
		devices = squeeze(a, line);
	} else {
		info = squeeze(a, line);
	}
	for (size_t i = 0; i < t->n_cpus && scan_u64(&counts, &n); i++)
		sample_add(t->set, metrics, (double)n,
		           LABELS({"cpu", t->cpus[i]}, {"type", name}, {"info", info}, {"devices", devices}));
	return true;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct table t = {.probe = p, .set = set};
	struct span text, whole, line;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "interrupts", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	if (!scan_line(&text, &line))
		return 0;
	if (!read_header(&t, line))
		return proc_no_sense(err, "interrupts", whole);
	while (scan_line(&text, &line))
		(void)read_line(&t, line); /* ERR and MIS have one number for all processors */
	return 0;
}

const struct collector collector_host_interrupts = {
	.name = "interrupts",
	.help = "Interrupts of each line and processor from /proc/interrupts.",
	.off_by_default = true,
	.metrics = metrics,
	.collect = collect,
};
