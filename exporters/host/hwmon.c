/* Sensors of the machine: voltages, fans, temperatures, from /sys/class/hwmon/hwmon<n>.
 *
 * A sensor's files are called <type><number>_<property>: temp1_input, temp1_max, fan2_label. Their names make the
 * families, so those are named at run time. */
#include <ctype.h>
#include <stdlib.h>

#include "base/num.h"
#include "exporters/host/common_sysfs.h"

#define HWMON_DIR "class/hwmon"

enum { BEEP, CHIP_NAMES, LABEL, INTERVAL, REGULATOR };

static const struct metric_desc metrics[] = {
	[BEEP] = {"node_hwmon_beep_enabled", "Whether the chip may beep (1) or not (0).", METRIC_GAUGE, "chip,sensor"},
	[CHIP_NAMES] = {"node_hwmon_chip_names", "The name that a chip's driver gives it.", METRIC_GAUGE,
                        "chip,chip_name"},
	[LABEL] = {"node_hwmon_sensor_label", "What the machine's maker calls a sensor.", METRIC_GAUGE,
                   "chip,label,sensor"},
	[INTERVAL] = {"node_hwmon_update_interval_seconds", "How often the chip measures.", METRIC_GAUGE,
                      "chip,sensor"},
	[REGULATOR] = {"node_hwmon_voltage_regulator_version", "Version of the voltage regulator module.", METRIC_GAUGE,
                       "chip,sensor"},
	{"node_hwmon_<type>_<property>", "One property of a sensor, in the unit that the name ends with.", METRIC_GAUGE,
         "chip,sensor", true},
	{"node_hwmon_energy_joule_total", "Energy used so far.", METRIC_COUNTER, "chip,sensor"},
	{0},
};

static const char *const types[] = {"beep_enable",     "cpu", "curr",      "energy", "fan", "freq",
                                    "humidity",        "in",  "intrusion", "power",  "pwm", "temp",
                                    "update_interval", "vrm"};

/* How a value becomes a sample; the first row that fits a type and property. NULL fits all. */
static const struct rule {
	const char *type, *property, *suffix;
	double divisor; /* 1e3: times 0.001 instead, which is what others do: the same bits */
	enum metric_type kind;
} rules[] = {
	{NULL, "fault", "", 1},
	{NULL, "alarm", "", 1},
	{NULL, "beep", "_enabled", 1},
	{"in", NULL, "_volts", 1e3},
	{"cpu", NULL, "_volts", 1e3},
	{"temp", "type", "", 1},
	{"temp", NULL, "_celsius", 1e3},
	{"curr", NULL, "_amps", 1e3},
	{"energy", NULL, "_joule_total", 1e6, METRIC_COUNTER},
	{"power", "accuracy", "", 1e6},
	{"power", "average_interval", "_seconds", 1e3},
	{"power", "average_interval_min", "_seconds", 1e3},
	{"power", "average_interval_max", "_seconds", 1e3},
	{"power", NULL, "_watt", 1e6},
	{"humidity", NULL, "", 1e6},
	{"freq", "input", "_freq_mhz", 1e6},
	{"fan", "input", "_rpm", 1},
	{"fan", "min", "_rpm", 1},
	{"fan", "max", "_rpm", 1},
	{"fan", "target", "_rpm", 1},
	{NULL, NULL, "", 1},
};

/* One file of a sensor. */
struct part {
	const char *type;
	uint64_t number;
	const char *property; /* "" for a file that is only <type><number> */
	const char *value;
};

struct chip {
	const char *name;
	struct part *parts;
	size_t n, room;
};

/* Lower case, everything but letters, digits, ':' and '_' as '_', none of those at the ends. */
static const char *clean(struct arena *a, const char *s)
{
	char *out = arena_strdup(a, s), *end;

	for (char *p = out; *p; p++) {
		*p = (char)tolower((unsigned char)*p);
		if (!isalnum((unsigned char)*p) && *p != ':')
			*p = '_';
	}
	while (*out == '_')
		out++;
	end = out + strlen(out);
	while (end > out && end[-1] == '_')
		*--end = '\0';
	return out;
}

/* Splits a file's name; false for what belongs to no sensor. */
static bool part_of(const char *file, struct part *part)
{
	size_t len = strcspn(file, "0123456789"), digits = strspn(file + len, "0123456789");
	const char *rest = file + len + digits;

	part->type = NULL;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strlen(types[i]) == len && !memcmp(types[i], file, len))
			part->type = types[i];
	part->number = 0;
	if (!part->type || (digits && !num_parse_u64(file + len, digits, &part->number)))
		return false;
	if (*rest && (*rest != '_' || !rest[1]))
		return false;
	part->property = *rest ? rest + 1 : "";
	return true;
}

/* A part that the chip's own directory has wins over none; the device's directory comes later and wins over both. */
static void put_part(struct probe *p, struct chip *chip, const struct part *part)
{
	for (size_t i = 0; i < chip->n; i++) {
		struct part *old = &chip->parts[i];

		if (old->type == part->type && old->number == part->number && !strcmp(old->property, part->property)) {
			*old = *part;
			return;
		}
	}
	if (chip->n == chip->room) {
		struct part *more = ARENA_ARRAY(p->arena, struct part, chip->room * 2 + 32);

		if (chip->n)
			memcpy(more, chip->parts, chip->n * sizeof(*more));
		chip->parts = more;
		chip->room = chip->room * 2 + 32;
	}
	chip->parts[chip->n++] = *part;
}

static enum read_result gather(struct probe *p, struct chip *chip, const char *dir, struct err *err)
{
	struct name_list files;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &files, err, "%s", dir);

	for (size_t i = 0; rc == READ_OK && i < files.n; i++) {
		struct part part;

		if (!part_of(files.names[i], &part))
			continue;
		part.value = sysfs_text(p, "%s/%s", dir, files.names[i]); /* NULL: the sensor does not answer now */
		if (part.value)
			put_part(p, chip, &part);
	}
	return rc;
}

/* The device's path is stable while hwmon<n> depends on the order in which modules are loaded. */
static const char *chip_name(struct probe *p, const char *hwmon)
{
	const char *path, *name, *text;
	struct err ignored;

	if (reader_resolve(p->reader, p->arena, ROOT_SYS, &path, &ignored, HWMON_DIR "/%s/device", hwmon) == READ_OK) {
		const char *slash = strrchr(path, '/'), *before = slash;

		while (before > path && before[-1] != '/')
			before--;
		name = clean(p->arena, slash + 1);
		text = clean(p->arena, arena_strndup(p->arena, before, (size_t)(slash - before)));
		if (*name)
			return *text ? arena_printf(p->arena, "%s_%s", text, name) : name;
	}
	text = sysfs_text(p, HWMON_DIR "/%s/name", hwmon);
	name = clean(p->arena, text ? text : "");
	if (*name)
		return name;
	if (reader_resolve(p->reader, p->arena, ROOT_SYS, &path, &ignored, HWMON_DIR "/%s", hwmon) != READ_OK)
		return hwmon;
	return clean(p->arena, strrchr(path, '/') + 1);
}

static int by_sensor(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = strcmp(x->type, y->type);

	if (!order && x->number != y->number)
		order = x->number < y->number ? -1 : 1;
	return order ? order : strcmp(x->property, y->property);
}

static const struct rule *rule_for(const struct part *part)
{
	const struct rule *r = rules;

	while ((r->type && strcmp(r->type, part->type) != 0) ||
	       (r->property && strcmp(r->property, part->property) != 0))
		r++;
	return r;
}

/* The family of that name in this set, made where it is the first. */
static const struct metric_desc *family(struct probe *p, struct sample_set *set, const char *name,
                                        const struct rule *rule, const struct part *part)
{
	for (const struct family *f = set->first; f; f = f->next)
		if (!strcmp(f->desc->name, name))
			return f->desc;
	return metric_desc_new(p->arena, name, rule->kind,
	                       arena_printf(p->arena, "Sensors of type %s, property %s.", part->type,
	                                    *part->property ? part->property : "value"));
}

static void special(struct sample_set *set, const char *chip, const char *sensor, const struct part *part)
{
	double value;

	if (!strcmp(part->type, "beep_enable"))
		sample_add(set, &metrics[BEEP], !strcmp(part->value, "1"), LABELS({"chip", chip}, {"sensor", sensor}));
	else if (num_parse_double(part->value, strlen(part->value), &value))
		sample_add(set, &metrics[*part->type == 'v' ? REGULATOR : INTERVAL],
		           *part->type == 'v' ? value : value * 0.001, LABELS({"chip", chip}, {"sensor", sensor}));
}

static void property(struct probe *p, struct sample_set *set, const char *chip, const char *sensor,
                     const struct part *part, bool bare)
{
	const struct rule *rule = rule_for(part);
	bool plain = !*part->property || (!strcmp(part->property, "input") && !bare);
	const char *name;
	double value;

	if (!strcmp(part->property, "label") || !num_parse_double(part->value, strlen(part->value), &value))
		return;
	name = arena_printf(p->arena, "node_hwmon_%s%s%s%s", part->type, plain ? "" : "_",
	                    plain ? "" : clean(p->arena, part->property), rule->suffix);
	sample_add(set, family(p, set, name, rule, part), rule->divisor == 1e3 ? value * 0.001 : value / rule->divisor,
	           LABELS({"chip", chip}, {"sensor", sensor}));
}

/* All parts of one sensor, and what its maker calls it. */
static void sensor(struct probe *p, struct sample_set *set, const char *chip, const struct part *parts, size_t n)
{
	const char *name = arena_printf(p->arena, "%s%llu", parts->type, (unsigned long long)parts->number);
	bool bare = !*parts->property;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(parts[i].property, "label") != 0)
			continue;
		sample_add(set, &metrics[LABEL], 1,
		           LABELS({"chip", chip}, {"label", parts[i].value}, {"sensor", name}));
		if (!strcmp(parts->type, "freq") && *clean(p->arena, parts[i].value))
			name = clean(p->arena, parts[i].value); /* graphics clocks are known by what they clock */
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(parts->type, "beep_enable") || !strcmp(parts->type, "vrm") ||
		    !strcmp(parts->type, "update_interval"))
			special(set, chip, name, &parts[i]);
		else
			property(p, set, chip, name, &parts[i], bare);
}

static int chip(struct probe *p, struct sample_set *set, const char *hwmon, struct err *err)
{
	struct chip c = {.name = chip_name(p, hwmon)};
	const char *dir = arena_printf(p->arena, HWMON_DIR "/%s", hwmon), *driver;
	enum read_result rc = gather(p, &c, dir, err);

	if (rc == READ_OK)
		rc = gather(p, &c, arena_printf(p->arena, "%s/device", dir), err);
	driver = sysfs_text(p, "%s/name", dir);
	if (driver && *clean(p->arena, driver))
		sample_add(set, &metrics[CHIP_NAMES], 1,
		           LABELS({"chip", c.name}, {"chip_name", clean(p->arena, driver)}));
	if (c.n)
		qsort(c.parts, c.n, sizeof(*c.parts), by_sensor);
	for (size_t i = 0, n; i < c.n; i += n) {
		for (n = 1; i + n < c.n; n++)
			if (c.parts[i].type != c.parts[i + n].type || c.parts[i].number != c.parts[i + n].number)
				break;
		sensor(p, set, c.name, &c.parts[i], n);
	}
	return rc == READ_FAILED ? -1 : 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct name_list chips;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_SYS, &chips, err, HWMON_DIR);
	int failed = 0;

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < chips.n; i++)
		failed |= chip(p, set, chips.names[i], err);
	return failed;
}

const struct collector collector_host_hwmon = {
	.name = "hwmon",
	.help = "Voltages, fans, temperatures and other sensors.",
	.metrics = metrics,
	.collect = collect,
};
