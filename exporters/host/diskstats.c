/* Block devices: traffic from /proc/diskstats, identity from udev's database below the root. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

enum { COLUMNS = 17, INFO = COLUMNS, FILESYSTEM, MAPPER, BACKING, ATA_CACHE, ATA_CACHE_ENABLED, ATA_ROTATION };

/* In the order of the columns; what follows them comes from elsewhere. */
static const struct metric_desc metrics[] = {
	{"node_disk_reads_completed_total", "Reads completed.", METRIC_COUNTER, "device"},
	{"node_disk_reads_merged_total", "Reads merged with others before they were sent.", METRIC_COUNTER, "device"},
	{"node_disk_read_bytes_total", "Bytes read.", METRIC_COUNTER, "device"},
	{"node_disk_read_time_seconds_total", "Time that all reads took together.", METRIC_COUNTER, "device"},
	{"node_disk_writes_completed_total", "Writes completed.", METRIC_COUNTER, "device"},
	{"node_disk_writes_merged_total", "Writes merged with others before they were sent.", METRIC_COUNTER, "device"},
	{"node_disk_written_bytes_total", "Bytes written.", METRIC_COUNTER, "device"},
	{"node_disk_write_time_seconds_total", "Time that all writes took together.", METRIC_COUNTER, "device"},
	{"node_disk_io_now", "Requests that are under way.", METRIC_GAUGE, "device"},
	{"node_disk_io_time_seconds_total", "Time in which any request was under way.", METRIC_COUNTER, "device"},
	{"node_disk_io_time_weighted_seconds_total", "Time under way times the requests under way.", METRIC_COUNTER,
         "device"},
	{"node_disk_discards_completed_total", "Discards completed.", METRIC_COUNTER, "device"},
	{"node_disk_discards_merged_total", "Discards merged with others before they were sent.", METRIC_COUNTER,
         "device"},
	{"node_disk_discarded_sectors_total", "Sectors of 512 bytes discarded.", METRIC_COUNTER, "device"},
	{"node_disk_discard_time_seconds_total", "Time that all discards took together.", METRIC_COUNTER, "device"},
	{"node_disk_flush_requests_total", "Flushes completed.", METRIC_COUNTER, "device"},
	{"node_disk_flush_requests_time_seconds_total", "Time that all flushes took together.", METRIC_COUNTER,
         "device"},
	[INFO] = {"node_disk_info", "Which device it is, as udev has it; always 1.", METRIC_GAUGE,
                  "device,major,minor,path,wwn,model,serial,revision"},
	[FILESYSTEM] = {"node_disk_filesystem_info", "The file system on it, as udev has it; always 1.", METRIC_GAUGE,
                        "device,type,usage,uuid,version"},
	[MAPPER] = {"node_disk_device_mapper_info", "The mapped device's names, as udev has them; always 1.",
                    METRIC_GAUGE, "device,name,uuid,vg_name,lv_name,lv_layer"},
	[BACKING] = {"node_disk_device_mapper_backing_device_info", "A device that a mapped one lies on; always 1.",
                     METRIC_GAUGE, "device,backing_device"},
	[ATA_CACHE] = {"node_disk_ata_write_cache", "1 where an ATA disk has a write cache.", METRIC_GAUGE, "device"},
	[ATA_CACHE_ENABLED] = {"node_disk_ata_write_cache_enabled", "1 where an ATA disk uses its write cache.",
                               METRIC_GAUGE, "device"},
	[ATA_ROTATION] = {"node_disk_ata_rotation_rate_rpm",
                          "Rotations per minute of an ATA disk; 0 where nothing turns.", METRIC_GAUGE, "device"},
	{0},
};

/* What a column counts; rows not given are plain numbers. */
static const enum unit {
	PLAIN,
	SECTORS,
	MILLISECONDS
} units[COLUMNS] = {
	[2] = SECTORS,      [6] = SECTORS,       [3] = MILLISECONDS,  [7] = MILLISECONDS,
	[9] = MILLISECONDS, [10] = MILLISECONDS, [14] = MILLISECONDS, [16] = MILLISECONDS,
};

static const struct field fields[] = {
	DEVICE_FILTER_FIELDS("^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$"),
	{0},
};

enum property {
	P_PATH,
	P_WWN,
	P_MODEL,
	P_REVISION,
	P_SCSI_SERIAL,
	P_SERIAL_SHORT,
	P_SERIAL,
	P_FS_TYPE,
	P_FS_USAGE,
	P_FS_UUID,
	P_FS_VERSION,
	P_DM_NAME,
	P_DM_UUID,
	P_DM_VG,
	P_DM_LV,
	P_DM_LAYER,
	P_ATA,
	P_ATA_CACHE,
	P_ATA_CACHE_ENABLED,
	P_ATA_ROTATION,
	PROPERTIES,
};

/* What udev calls them. */
static const char *const property_names[PROPERTIES] = {
	[P_PATH] = "ID_PATH",
	[P_WWN] = "ID_WWN",
	[P_MODEL] = "ID_MODEL",
	[P_REVISION] = "ID_REVISION",
	[P_SCSI_SERIAL] = "SCSI_IDENT_SERIAL",
	[P_SERIAL_SHORT] = "ID_SERIAL_SHORT",
	[P_SERIAL] = "ID_SERIAL",
	[P_FS_TYPE] = "ID_FS_TYPE",
	[P_FS_USAGE] = "ID_FS_USAGE",
	[P_FS_UUID] = "ID_FS_UUID",
	[P_FS_VERSION] = "ID_FS_VERSION",
	[P_DM_NAME] = "DM_NAME",
	[P_DM_UUID] = "DM_UUID",
	[P_DM_VG] = "DM_VG_NAME",
	[P_DM_LV] = "DM_LV_NAME",
	[P_DM_LAYER] = "DM_LV_LAYER",
	[P_ATA] = "ID_ATA",
	[P_ATA_CACHE] = "ID_ATA_WRITE_CACHE",
	[P_ATA_CACHE_ENABLED] = "ID_ATA_WRITE_CACHE_ENABLED",
	[P_ATA_ROTATION] = "ID_ATA_ROTATION_RATE_RPM",
};

struct disk {
	char device[64], major[NUM_MAX], minor[NUM_MAX];
	const char *properties[PROPERTIES]; /* "" where udev has none */
};

/* "E:ID_MODEL=Samsung_SSD" */
static void read_property(struct arena *a, struct disk *d, struct span line)
{
	struct span name;

	if (!span_starts(line, "E:") || !scan_until(&line, '=', &name))
		return;
	name.s += 2;
	name.len -= 2;
	for (size_t i = 0; i < PROPERTIES; i++)
		if (span_eq(name, property_names[i]))
			d->properties[i] = arena_strndup(a, line.s, line.len);
}

static int read_udev(struct probe *p, struct disk *d, struct err *err)
{
	struct span text = {"", 0}, line;

	for (size_t i = 0; i < PROPERTIES; i++)
		d->properties[i] = "";
	if (reader_readf(p->reader, p->arena, ROOT_FS, &text, err, "run/udev/data/b%s:%s", d->major, d->minor) ==
	    READ_FAILED)
		return -1;
	while (scan_line(&text, &line))
		read_property(p->arena, d, line);
	return 0;
}

/* What is printed on the disk, else the next best. */
static const char *serial_of(const struct disk *d)
{
	if (*d->properties[P_SCSI_SERIAL])
		return d->properties[P_SCSI_SERIAL];
	return *d->properties[P_SERIAL_SHORT] ? d->properties[P_SERIAL_SHORT] : d->properties[P_SERIAL];
}

static int add_mapper(struct probe *p, struct sample_set *set, const struct disk *d, struct err *err)
{
	const char *const *v = d->properties;
	struct name_list backing = {0};

	sample_add(set, &metrics[MAPPER], 1,
	           LABELS({"device", d->device}, {"name", v[P_DM_NAME]}, {"uuid", v[P_DM_UUID]},
	                  {"vg_name", v[P_DM_VG]}, {"lv_name", v[P_DM_LV]}, {"lv_layer", v[P_DM_LAYER]}));
	if (reader_list(p->reader, p->arena, ROOT_SYS, &backing, err, "block/%s/slaves", d->device) == READ_FAILED)
		return -1;
	for (size_t i = 0; i < backing.n; i++)
		sample_add(set, &metrics[BACKING], 1,
		           LABELS({"device", d->device}, {"backing_device", backing.names[i]}));
	return 0;
}

static void add_ata(struct sample_set *set, const struct disk *d)
{
	double value;

	for (size_t i = P_ATA_CACHE; i <= P_ATA_ROTATION; i++)
		if (num_parse_double(d->properties[i], strlen(d->properties[i]), &value))
			sample_add(set, &metrics[ATA_CACHE + i - P_ATA_CACHE], value, LABELS({"device", d->device}));
}

static int add_identity(struct probe *p, struct sample_set *set, struct disk *d, struct err *err)
{
	const char *const *v = d->properties;
	int result = read_udev(p, d, err);

	sample_add(set, &metrics[INFO], 1,
	           LABELS({"device", d->device}, {"major", d->major}, {"minor", d->minor}, {"path", v[P_PATH]},
	                  {"wwn", v[P_WWN]}, {"model", v[P_MODEL]}, {"serial", serial_of(d)},
	                  {"revision", v[P_REVISION]}));
	if (*v[P_FS_TYPE])
		sample_add(set, &metrics[FILESYSTEM], 1,
		           LABELS({"device", d->device}, {"type", v[P_FS_TYPE]}, {"usage", v[P_FS_USAGE]},
		                  {"uuid", v[P_FS_UUID]}, {"version", v[P_FS_VERSION]}));
	if (*v[P_ATA])
		add_ata(set, d);
	if (*v[P_DM_NAME] && add_mapper(p, set, d, err) < 0)
		result = -1;
	return result;
}

static bool read_head(struct span *line, struct disk *d)
{
	uint64_t major, minor;
	struct span name;

	if (!scan_u64(line, &major) || !scan_u64(line, &minor) || !scan_field(line, &name) ||
	    !span_copy(name, d->device, sizeof(d->device)))
		return false;
	d->major[num_format_u64(major, d->major)] = '\0';
	d->minor[num_format_u64(minor, d->minor)] = '\0';
	return true;
}

/* Kernels before 4.18 have 11 columns, before 5.5 15. */
static void add_columns(struct sample_set *set, const struct disk *d, struct span line)
{
	uint64_t n;

	for (size_t i = 0; i < COLUMNS && scan_u64(&line, &n); i++) {
		double value = units[i] == SECTORS ? (double)n * 512 : (double)n;

		/* times 1/1000, not divided by it, as others do: the same last digit */
		sample_add(set, &metrics[i], units[i] == MILLISECONDS ? value * 0.001 : value,
		           LABELS({"device", d->device}));
	}
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct disk *d = arena_alloc(p->arena, sizeof(*d));
	struct span text, whole, line;
	bool sense = false;
	int result = 0;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_PROC, "diskstats", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &line)) {
		if (!read_head(&line, d))
			continue;
		sense = true;
		if (!device_wanted(p->config, d->device))
			continue;
		add_columns(set, d, line);
		if (add_identity(p, set, d, err) < 0)
			result = -1;
	}
	return sense ? result : proc_no_sense(err, "diskstats", whole);
}

const struct collector collector_host_diskstats = {
	.name = "diskstats",
	.help = "Block devices from /proc/diskstats and udev's database.",
	.fields = fields,
	.config_size = sizeof(struct device_filter),
	.metrics = metrics,
	.collect = collect,
};
