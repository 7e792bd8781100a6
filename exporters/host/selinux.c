/* SELinux: whether it is on, its modes, and its access vector cache, from /sys/fs/selinux. */
#include "base/num.h"
#include "exporters/host/common_sysfs.h"

enum { ENABLED, CONFIG_MODE, CURRENT_MODE, LOOKUPS, HITS, MISSES, ALLOCATIONS, RECLAIMS, FREES };
enum { ENTRIES = FREES + 1, BUCKETS_AVAILABLE, BUCKETS_USED, LONGEST_CHAIN, THRESHOLD };

static const struct metric_desc metrics[] = {
	[ENABLED] = {"node_selinux_enabled", "Whether SELinux is on (1) or off (0)."},
	[CONFIG_MODE] = {"node_selinux_config_mode",
                         "Mode after the next boot: 1 enforcing, 0 permissive, -1 disabled."},
	[CURRENT_MODE] = {"node_selinux_current_mode", "Mode now: 1 enforcing, 0 permissive, -1 disabled."},
	[LOOKUPS] = {"node_selinux_avc_lookups_total", "Lookups in the access vector cache.", METRIC_COUNTER},
	[HITS] = {"node_selinux_avc_hits_total", "Lookups that the cache answered.", METRIC_COUNTER},
	[MISSES] = {"node_selinux_avc_misses_total", "Lookups that the cache could not answer.", METRIC_COUNTER},
	[ALLOCATIONS] = {"node_selinux_avc_allocations_total", "Entries made in the cache.", METRIC_COUNTER},
	[RECLAIMS] = {"node_selinux_avc_reclaims_total", "Entries reclaimed because the cache was full.",
                      METRIC_COUNTER},
	[FREES] = {"node_selinux_avc_frees_total", "Entries freed.", METRIC_COUNTER},
	[ENTRIES] = {"node_selinux_avc_hash_entries", "Entries in the cache."},
	[BUCKETS_AVAILABLE] = {"node_selinux_avc_hash_buckets_available", "Hash buckets that the cache has."},
	[BUCKETS_USED] = {"node_selinux_avc_hash_buckets_used", "Hash buckets with at least one entry."},
	[LONGEST_CHAIN] = {"node_selinux_avc_hash_longest_chain", "Entries in the fullest hash bucket."},
	[THRESHOLD] = {"node_selinux_avc_threshold", "Entries above which the cache reclaims."},
	{0},
};

/* "SELINUX=enforcing" in etc/selinux/config. */
static double config_mode(struct probe *p)
{
	struct span text, line, key;
	struct err ignored;

	if (reader_read(p->reader, p->arena, ROOT_FS, "etc/selinux/config", &text, &ignored) != READ_OK)
		return -1;
	while (scan_line(&text, &line)) {
		line = span_trim(line);
		if (!scan_until(&line, '=', &key) || !span_eq(span_trim(key), "SELINUX"))
			continue;
		line = span_trim(line);
		return span_eq(line, "enforcing") ? 1 : span_eq(line, "permissive") ? 0 : -1;
	}
	return -1;
}

/* A line of names, then one line for each processor; in the order of the metrics. */
static void cache_stats(struct sample_set *set, struct span text)
{
	uint64_t sums[FREES - LOOKUPS + 1] = {0}, n;
	struct span line;
	bool any = false;

	if (!scan_line(&text, &line) || !span_starts(line, "lookups hits misses allocations reclaims frees"))
		return;
	while (scan_line(&text, &line))
		for (size_t i = 0; i < ARRAY_LEN(sums) && scan_u64(&line, &n); i++) {
			sums[i] += n;
			any = true;
		}
	for (size_t i = 0; any && i < ARRAY_LEN(sums); i++)
		sample_add(set, &metrics[LOOKUPS + i], (double)sums[i], NO_LABELS);
}

static void add_number(struct sample_set *set, int metric, struct span text)
{
	uint64_t n;

	text = span_trim(text);
	if (num_parse_u64(text.s, text.len, &n))
		sample_add(set, &metrics[metric], (double)n, NO_LABELS);
}

/* "entries: 503", "buckets used: 283/512", "longest chain: 7" */
static void hash_stats(struct sample_set *set, struct span text)
{
	struct span line, key, used;

	while (scan_line(&text, &line)) {
		if (!scan_until(&line, ':', &key))
			continue;
		if (span_eq(key, "entries"))
			add_number(set, ENTRIES, line);
		else if (span_eq(key, "longest chain"))
			add_number(set, LONGEST_CHAIN, line);
		else if (span_eq(key, "buckets used") && scan_until(&line, '/', &used)) {
			add_number(set, BUCKETS_USED, used);
			add_number(set, BUCKETS_AVAILABLE, line);
		}
	}
}

static void threshold(struct sample_set *set, struct span text)
{
	add_number(set, THRESHOLD, text);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	static const struct {
		const char *path;
		void (*parse)(struct sample_set *, struct span);
	} files[] = {
		{"fs/selinux/avc/cache_stats", cache_stats},
		{"fs/selinux/avc/hash_stats", hash_stats},
		{"fs/selinux/avc/cache_threshold", threshold},
	};
	struct span text;
	int64_t mode;
	int failed = 0;

	if (!sysfs_number_of(p, &mode, "fs/selinux/enforce")) {
		sample_add(set, &metrics[ENABLED], 0, NO_LABELS);
		return 0;
	}
	sample_add(set, &metrics[ENABLED], 1, NO_LABELS);
	sample_add(set, &metrics[CONFIG_MODE], config_mode(p), NO_LABELS);
	sample_add(set, &metrics[CURRENT_MODE], (double)mode, NO_LABELS);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		enum read_result rc = reader_read(p->reader, p->arena, ROOT_SYS, files[i].path, &text, err);

		if (rc == READ_OK)
			files[i].parse(set, text);
		failed |= rc == READ_FAILED;
	}
	return failed ? -1 : 0;
}

const struct collector collector_host_selinux = {
	.name = "selinux",
	.help = "SELinux modes and its access vector cache.",
	.metrics = metrics,
	.collect = collect,
};
