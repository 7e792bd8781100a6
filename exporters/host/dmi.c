/* What the firmware says about itself and its board, from /sys/class/dmi/id. */
#include "exporters/host/common_sysfs.h"

static const struct metric_desc metrics[] = {
	{.name = "node_dmi_info",
         .help = "What the firmware says about machine, board and chassis; a label is absent where it says nothing.",
         .labels = "bios_date,bios_release,bios_vendor,bios_version,board_asset_tag,board_name,board_serial,"
                   "board_vendor,board_version,chassis_asset_tag,chassis_serial,chassis_vendor,chassis_version,"
                   "product_family,product_name,product_serial,product_sku,product_uuid,product_version,system_vendor"},
	{0},
};

static const struct {
	const char *label, *file;
} parts[] = {
	{"bios_date", "bios_date"},
	{"bios_release", "bios_release"},
	{"bios_vendor", "bios_vendor"},
	{"bios_version", "bios_version"},
	{"board_asset_tag", "board_asset_tag"},
	{"board_name", "board_name"},
	{"board_serial", "board_serial"},
	{"board_vendor", "board_vendor"},
	{"board_version", "board_version"},
	{"chassis_asset_tag", "chassis_asset_tag"},
	{"chassis_serial", "chassis_serial"},
	{"chassis_vendor", "chassis_vendor"},
	{"chassis_version", "chassis_version"},
	{"product_family", "product_family"},
	{"product_name", "product_name"},
	{"product_serial", "product_serial"},
	{"product_sku", "product_sku"},
	{"product_uuid", "product_uuid"},
	{"product_version", "product_version"},
	{"system_vendor", "sys_vendor"},
};

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct label labels[ARRAY_LEN(parts)];
	struct name_list files;
	size_t n = 0;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &files, err, "class/dmi/id");

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		/* serial numbers are root's to read: without them the rest is still worth having */
		const char *text = sysfs_text(p, "class/dmi/id/%s", parts[i].file);

		if (text)
			labels[n++] = (struct label){parts[i].label, text};
	}
	if (n)
		sample_add(set, &metrics[0], 1, labels, n);
	return 0;
}

const struct collector collector_host_dmi = {
	.name = "dmi",
	.help = "Firmware, board and chassis from /sys/class/dmi/id.",
	.metrics = metrics,
	.collect = collect,
};
