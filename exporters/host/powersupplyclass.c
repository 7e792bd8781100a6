/* Batteries and mains, from /sys/class/power_supply/<name>. */
#include "exporters/host/common_sysfs.h"

#define SUPPLY_DIR "class/power_supply"

struct power_config {
	const struct regex *supply_exclude;
};

static const struct field fields[] = {
	F_REGEX(struct power_config, supply_exclude, NULL, "Power supplies to leave out; empty: none."),
	{0},
};

/* One row per file: its name, what comes after node_power_supply_, what its number is divided by, its help. */
#define NUMBERS(X)                                                                                                     \
	X("authentic", "authentic", 1, "Whether the supply is known to be genuine (1) or not (0).")                    \
	X("calibrate", "calibrate", 1, "Whether the battery is being calibrated (1) or not (0).")                      \
	X("capacity", "capacity", 1, "Charge of the battery in percent.")                                              \
	X("capacity_alert_max", "capacity_alert_max", 1, "Charge in percent above which there is an alert.")           \
	X("capacity_alert_min", "capacity_alert_min", 1, "Charge in percent below which there is an alert.")           \
	X("cycle_count", "cyclecount", 1, "Times that the battery was charged and used up.")                           \
	X("online", "online", 1, "Whether the supply is plugged in (1; 2: programmable) or not (0).")                  \
	X("present", "present", 1, "Whether the battery is there (1) or not (0).")                                     \
	X("time_to_empty_now", "time_to_empty_seconds", 1, "Seconds until the battery is empty.")                      \
	X("time_to_full_now", "time_to_full_seconds", 1, "Seconds until the battery is full.")                         \
	X("current_boot", "current_boot", 1e6, "Current in amperes when the machine was started.")                     \
	X("current_max", "current_max", 1e6, "Highest current in amperes.")                                            \
	X("current_now", "current_ampere", 1e6, "Current now.")                                                        \
	X("energy_empty", "energy_empty", 1e6, "Energy in watt-hours at which the battery counts as empty.")           \
	X("energy_empty_design", "energy_empty_design", 1e6, "As designed: energy in watt-hours of an empty battery.") \
	X("energy_full", "energy_full", 1e6, "Energy in watt-hours at which the battery counts as full.")              \
	X("energy_full_design", "energy_full_design", 1e6, "As designed: energy in watt-hours of a full battery.")     \
	X("energy_now", "energy_watthour", 1e6, "Energy in the battery now.")                                          \
	X("voltage_boot", "voltage_boot", 1e6, "Voltage when the machine was started.")                                \
	X("voltage_max", "voltage_max", 1e6, "Highest voltage seen.")                                                  \
	X("voltage_max_design", "voltage_max_design", 1e6, "As designed: highest voltage.")                            \
	X("voltage_min", "voltage_min", 1e6, "Lowest voltage seen.")                                                   \
	X("voltage_min_design", "voltage_min_design", 1e6, "As designed: lowest voltage.")                             \
	X("voltage_now", "voltage_volt", 1e6, "Voltage now.")                                                          \
	X("voltage_ocv", "voltage_ocv", 1e6, "Voltage without load.")                                                  \
	X("charge_control_limit", "charge_control_limit", 1e6, "Limit of the charging current.")                       \
	X("charge_control_limit_max", "charge_control_limit_max", 1e6, "Highest limit of the charging current.")       \
	X("charge_counter", "charge_counter", 1e6, "Charge counter in ampere-hours, which can start anywhere.")        \
	X("charge_empty", "charge_empty", 1e6, "Charge in ampere-hours at which the battery counts as empty.")         \
	X("charge_empty_design", "charge_empty_design", 1e6,                                                           \
	  "As designed: charge in ampere-hours of an empty battery.")                                                  \
	X("charge_full", "charge_full", 1e6, "Charge in ampere-hours at which the battery counts as full.")            \
	X("charge_full_design", "charge_full_design", 1e6, "As designed: charge in ampere-hours of a full battery.")   \
	X("charge_now", "charge_ampere", 1e6, "Charge in the battery now, in ampere-hours.")                           \
	X("charge_term_current", "charge_term_current", 1e6, "Current in amperes at which charging ends.")             \
	X("constant_charge_current", "constant_charge_current", 1e6, "Constant charging current in amperes.")          \
	X("constant_charge_current_max", "constant_charge_current_max", 1e6, "Highest constant charging current.")     \
	X("constant_charge_voltage", "constant_charge_voltage", 1e6, "Constant charging voltage.")                     \
	X("constant_charge_voltage_max", "constant_charge_voltage_max", 1e6, "Highest constant charging voltage.")     \
	X("precharge_current", "precharge_current", 1e6, "Current in amperes while charging begins.")                  \
	X("input_current_limit", "input_current_limit", 1e6, "Limit in amperes of what is drawn from the source.")     \
	X("power_now", "power_watt", 1e6, "Power now.")                                                                \
	X("temp", "temp_celsius", 10, "Temperature of the battery.")                                                   \
	X("temp_alert_max", "temp_alert_max_celsius", 10, "Temperature above which there is an alert.")                \
	X("temp_alert_min", "temp_alert_min_celsius", 10, "Temperature below which there is an alert.")                \
	X("temp_ambient", "temp_ambient_celsius", 10, "Temperature around the battery.")                               \
	X("temp_ambient_max", "temp_ambient_max_celsius", 10, "Highest temperature allowed around the battery.")       \
	X("temp_ambient_min", "temp_ambient_min_celsius", 10, "Lowest temperature allowed around the battery.")        \
	X("temp_max", "temp_max_celsius", 10, "Highest temperature that the battery may have.")                        \
	X("temp_min", "temp_min_celsius", 10, "Lowest temperature that the battery may have.")

#define NUMBER_PART(file, name, divisor, help)   {file, divisor},
#define NUMBER_METRIC(file, name, divisor, help) {"node_power_supply_" name, help, METRIC_GAUGE, "power_supply"},

static const struct {
	const char *file;
	double divisor;
} numbers[] = {NUMBERS(NUMBER_PART)};

/* In the order of the labels; NULL: the supply's own name. */
static const char *const texts[] = {"capacity_level", "charge_type", "health", "manufacturer",
                                    "model_name",     NULL,          "scope",  "serial_number",
                                    "status",         "technology",  "type",   "usb_type"};

enum { INFO = ARRAY_LEN(numbers) };

static const struct metric_desc metrics[] = {
	NUMBERS(NUMBER_METRIC)[INFO] =
		{"node_power_supply_info", "Kind and state of a power supply; a label is absent where it says nothing.",
                 METRIC_GAUGE,
                 "capacity_level,charge_type,health,manufacturer,model_name,power_supply,scope,serial_number,status,"
                 "technology,type,usb_type"},
	{0},
};

/* Only what the directory lists: a supply has few of the many files that there can be. */
static bool listed(const struct name_list *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++)
		if (!strcmp(files->names[i], name))
			return true;
	return false;
}

static void supply(struct probe *p, struct sample_set *set, const char *name, const struct name_list *files)
{
	struct label labels[ARRAY_LEN(texts)];
	size_t n = 0;
	int64_t value;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (listed(files, numbers[i].file) &&
		    sysfs_number_of(p, &value, SUPPLY_DIR "/%s/%s", name, numbers[i].file))
			sample_add(set, &metrics[i], (double)value / numbers[i].divisor,
			           LABELS({"power_supply", name}));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *text = !texts[i]                 ? name
		                   : listed(files, texts[i]) ? sysfs_text(p, SUPPLY_DIR "/%s/%s", name, texts[i])
		                                             : NULL;

		if (text && *text)
			labels[n++] = (struct label){texts[i] ? texts[i] : "power_supply", text};
	}
	sample_add(set, &metrics[INFO], 1, labels, n);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct power_config *config = p->config;
	struct name_list names, files;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &names, err, SUPPLY_DIR);
	int failed = 0;

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.names[i];

		if (config->supply_exclude && regex_match(config->supply_exclude, name, strlen(name)))
			continue;
		rc = reader_list(p->reader, p->arena, ROOT_SYS, &files, err, SUPPLY_DIR "/%s", name);
		if (rc == READ_OK)
			supply(p, set, name, &files);
		failed |= rc == READ_FAILED;
	}
	return failed ? -1 : 0;
}

const struct collector collector_host_powersupplyclass = {
	.name = "powersupplyclass",
	.help = "Batteries and mains from /sys/class/power_supply.",
	.fields = fields,
	.config_size = sizeof(struct power_config),
	.metrics = metrics,
	.collect = collect,
};
