/* Space and inodes of mounted file systems: mountinfo says which there are, statfs how full they are.
 * mountinfo: "36 35 98:0 /subtree /mount\040point rw,noatime shared:1 - ext4 /dev/sda1 rw,errors=continue";
 * exactly one space stands between fields, and a source may be empty.
 * Source: proc(5). */
#include "base/hash.h"
#include "collect/collector.h"
#include "collect/statfs_pool.h"

enum { SIZE, FREE, AVAIL, FILES, FILES_FREE, READONLY, DEVICE_ERROR };

static const struct metric_desc metrics[] = {
	[SIZE] = {"node_filesystem_size_bytes", "Size of the file system.", METRIC_GAUGE, "device,fstype,mountpoint"},
	[FREE] = {"node_filesystem_free_bytes", "Space that is free, with what is reserved for root.", METRIC_GAUGE,
                  "device,fstype,mountpoint"},
	[AVAIL] = {"node_filesystem_avail_bytes", "Space that is free for others than root.", METRIC_GAUGE,
                   "device,fstype,mountpoint"},
	[FILES] = {"node_filesystem_files", "Inodes of the file system.", METRIC_GAUGE, "device,fstype,mountpoint"},
	[FILES_FREE] = {"node_filesystem_files_free", "Inodes that are free.", METRIC_GAUGE,
                        "device,fstype,mountpoint"},
	[READONLY] = {"node_filesystem_readonly", "Whether it is mounted read-only.", METRIC_GAUGE,
                      "device,fstype,mountpoint"},
	[DEVICE_ERROR] = {"node_filesystem_device_error",
                          "Whether its size could not be found out; device_error says when it did not answer.",
                          METRIC_GAUGE, "device,fstype,mountpoint,device_error"},
	{0},
};

struct config {
	const struct regex *mount_points_exclude;
	const struct regex *fs_types_exclude;
};

static const struct field fields[] = {
	F_REGEX(struct config, mount_points_exclude,
                "^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)",
                "Mount points to leave out."),
	F_REGEX(struct config, fs_types_exclude,
                "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fusectl|hugetlbfs|iso9660|"
                "mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$",
                "File system types to leave out."),
	{0},
};

struct mount {
	const char *device, *point, *type;
	bool readonly;
};

struct mounts {
	struct mount *items;
	size_t n;
};

/* These answer from a local disk or from memory. What is not named here may hang on a network. */
static bool is_local(const char *type)
{
	static const char *const local[] = {"bcachefs", "btrfs", "exfat", "ext2",  "ext3",  "ext4",
	                                    "f2fs",     "jfs",   "msdos", "ntfs3", "ramfs", "reiserfs",
	                                    "tmpfs",    "udf",   "vfat",  "xfs",   "zfs"};

	for (size_t i = 0; i < ARRAY_LEN(local); i++)
		if (!strcmp(type, local[i]))
			return true;
	return false;
}

static bool octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The kernel writes white space and backslashes as \ooo. */
static char *unescape(struct arena *a, struct span s)
{
	char *out = arena_alloc(a, s.len + 1), *o = out;

	for (size_t i = 0; i < s.len; i++) {
		const char *p = s.s + i;

		if (*p == '\\' && i + 3 < s.len && octal(p[1]) && octal(p[2]) && octal(p[3])) {
			*o++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			i += 3;
		} else {
			*o++ = *p;
		}
	}
	*o = '\0';
	return out;
}

/* In a container the mounts of the host may be listed below the root that we were told. */
static const char *strip_root(const char *point, const char *rootfs)
{
	size_t n = strlen(rootfs);

	while (n && rootfs[n - 1] == '/')
		n--;
	if (!n || strncmp(point, rootfs, n) != 0)
		return point;
	return !point[n] ? "/" : point[n] == '/' ? point + n : point;
}

static bool has_option(struct span options, const char *name)
{
	struct span option;

	while (scan_until(&options, ',', &option))
		if (span_eq(option, name))
			return true;
	return span_eq(options, name);
}

/* False when the line is cut off or is something else. */
static bool parse_mount(struct arena *a, struct span line, const char *rootfs, struct mount *m)
{
	struct span skipped, point, options, type, device;

	for (int i = 0; i < 4; i++) /* id, parent, device numbers, subtree */
		if (!scan_until(&line, ' ', &skipped))
			return false;
	if (!scan_until(&line, ' ', &point) || !scan_until(&line, ' ', &options))
		return false;
	do /* optional fields */
		if (!scan_until(&line, ' ', &skipped))
			return false;
	while (!span_eq(skipped, "-"));
	if (!scan_until(&line, ' ', &type) || !scan_until(&line, ' ', &device))
		return false;
	m->point = strip_root(unescape(a, point), rootfs);
	m->type = unescape(a, type);
	m->device = unescape(a, device);
	m->readonly = has_option(options, "ro") || has_option(line, "ro");
	return true;
}

static bool same(const struct mount *a, const struct mount *b)
{
	return !strcmp(a->point, b->point) && !strcmp(a->device, b->device) && !strcmp(a->type, b->type);
}

struct seen {
	const struct mount **slots;
	size_t mask;
};

/* Bind mounts on top of each other would give the same series twice. */
static bool first_time(struct seen *seen, const struct mount *m)
{
	size_t i = hash_text(m->point) & seen->mask;

	for (; seen->slots[i]; i = (i + 1) & seen->mask)
		if (same(seen->slots[i], m))
			return false;
	seen->slots[i] = m;
	return true;
}

static bool excluded(const struct config *c, const struct mount *m)
{
	return (c->fs_types_exclude && regex_match(c->fs_types_exclude, m->type, strlen(m->type))) ||
	       (c->mount_points_exclude && regex_match(c->mount_points_exclude, m->point, strlen(m->point)));
}

static size_t count_lines(struct span text)
{
	struct span line;
	size_t n = 0;

	while (scan_line(&text, &line))
		n++;
	return n;
}

static int parse_mounts(struct probe *p, struct span text, struct mounts *out, struct err *err)
{
	const char *rootfs = reader_roots(p->reader)->rootfs;
	size_t lines = count_lines(text), size = 16, bad = 0;
	struct seen seen;
	struct span line;

	while (size < 2 * lines)
		size *= 2;
	seen = (struct seen){ARENA_ARRAY(p->arena, const struct mount *, size), size - 1};
	*out = (struct mounts){.items = ARENA_ARRAY(p->arena, struct mount, lines)};
	for (size_t n = 1; scan_line(&text, &line); n++) {
		struct mount *m = &out->items[out->n];

		if (!parse_mount(p->arena, line, rootfs, m))
			bad = bad ? bad : n;
		else if (!excluded(p->config, m) && first_time(&seen, m))
			out->n++;
	}
	return bad ? err_set(err, "mountinfo: line %zu is no mount", bad) : 0;
}

static void add_mount(struct sample_set *set, const struct mount *m, const struct statfs_query *q)
{
	const struct label labels[] = {{"device", m->device},
	                               {"fstype", m->type},
	                               {"mountpoint", m->point},
	                               {"device_error", "mountpoint timeout"}};

	if (q->outcome != STATFS_OK) {
		sample_add(set, &metrics[DEVICE_ERROR], 1, labels, q->outcome == STATFS_STUCK ? 4 : 3);
		return;
	}
	sample_add(set, &metrics[DEVICE_ERROR], 0, labels, 3);
	sample_add(set, &metrics[SIZE], (double)q->size, labels, 3);
	sample_add(set, &metrics[FREE], (double)q->free, labels, 3);
	sample_add(set, &metrics[AVAIL], (double)q->avail, labels, 3);
	sample_add(set, &metrics[FILES], (double)q->files, labels, 3);
	sample_add(set, &metrics[FILES_FREE], (double)q->files_free, labels, 3);
	sample_add(set, &metrics[READONLY], m->readonly, labels, 3);
}

static const char *path_of(struct arena *a, const char *rootfs, const char *point)
{
	size_t n = strlen(rootfs);

	while (n && rootfs[n - 1] == '/')
		n--;
	if (!n)
		return point;
	return arena_printf(a, "%.*s%s", (int)n, rootfs, strcmp(point, "/") ? point : "");
}

/* What is left of the time after a quarter, at most 200 ms, was kept for bringing the answers home. */
static int64_t ask_until(int64_t deadline_ns)
{
	int64_t quarter = (deadline_ns - clock_mono_ns()) / 4;

	return deadline_ns - (quarter < NS_PER_S / 5 ? quarter : NS_PER_S / 5);
}

/* Process 1 sees the mounts of the machine, we may see only some. Where we may not look, ours must do. */
static enum read_result read_mountinfo(struct probe *p, struct span *text, struct err *err)
{
	if (reader_recall(p->reader, p->arena, ROOT_PROC, "1/mountinfo", RECALL_MOUNTS, text, err) == READ_OK)
		return READ_OK;
	return reader_recall(p->reader, p->arena, ROOT_PROC, "self/mountinfo", RECALL_MOUNTS, text, err);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const char *rootfs = reader_roots(p->reader)->rootfs;
	struct statfs_query *queries;
	struct mounts mounts;
	struct span text;
	int rc;

	switch (read_mountinfo(p, &text, err)) {
	case READ_OK: break;
	case READ_ABSENT:
		return err_set(err, "neither 1/mountinfo nor self/mountinfo is there below %s",
		               reader_roots(p->reader)->proc);
	default: return -1;
	}
	rc = parse_mounts(p, text, &mounts, err);
	queries = ARENA_ARRAY(p->arena, struct statfs_query, mounts.n);
	for (size_t i = 0; i < mounts.n; i++) {
		queries[i].path = path_of(p->arena, rootfs, mounts.items[i].point);
		queries[i].local = is_local(mounts.items[i].type);
	}
	statfs_pool_ask(p->statfs, queries, mounts.n, ask_until(p->deadline_ns));
	for (size_t i = 0; i < mounts.n; i++)
		add_mount(set, &mounts.items[i], &queries[i]);
	return rc;
}

const struct collector collector_host_filesystem = {
	.name = "filesystem",
	.help = "Space and inodes of mounted file systems; one that hangs is left alone until it answers.",
	.lane = "filesystem",
	.fields = fields,
	.config_size = sizeof(struct config),
	.metrics = metrics,
	.collect = collect,
};
