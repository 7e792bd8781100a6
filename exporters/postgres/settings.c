/* The server's settings: numbers and switches, in seconds and bytes. */
#include <string.h>

#include "base/num.h"
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_settings_<name>", "A setting of the server.", METRIC_GAUGE, "server", .pattern = true},
	{0},
};

/* What travels with our own login is ours and not the server's: its built-in value stands in. */
static const char sql[] =
	"SELECT name, CASE WHEN name = 'transaction_read_only' THEN "
	"CASE WHEN pg_is_in_recovery() THEN 'on' ELSE 'off' END "
	"WHEN source IN ('client', 'session') THEN boot_val ELSE setting END AS setting, "
	"unit, short_desc FROM pg_settings WHERE vartype IN ('bool', 'integer', 'real') ORDER BY name";

struct unit {
	const char *name, *suffix;
	double factor;
};

static const struct unit units[] = {
	{"ms", "seconds", 0.001},
	{"s", "seconds", 1},
	{"min", "seconds", 60},
	{"h", "seconds", 3600},
	{"d", "seconds", 86400},
	{"B", "bytes", 1},
	{"kB", "bytes", 1024},
	{"MB", "bytes", 1048576},
	{"GB", "bytes", 0x1p30},
	{"TB", "bytes", 0x1p40},
	{0},
};

/* "8kB" is eight times kB. */
static const struct unit *find_unit(const char *text, double *times)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t n = 1;

	if (digits && !num_parse_u64(text, digits, &n))
		return NULL;
	*times = (double)n;
	for (const struct unit *u = units; u->name; u++)
		if (!strcmp(u->name, text + digits))
			return u;
	return NULL;
}

static bool parse(const char *text, double *value)
{
	if (!strcmp(text, "on") || !strcmp(text, "off")) {
		*value = text[1] == 'n';
		return true;
	}
	return num_parse_double(text, strlen(text), value);
}

static void add_setting(struct probe *p, const char *name, const char *text, const char *unit_text, const char *help,
                        struct sample_set *set)
{
	double value, times = 1;
	const struct unit *unit = unit_text ? find_unit(unit_text, &times) : NULL;
	const struct metric_desc *desc;

	if (!parse(text, &value))
		return;
	if (unit && value > 0) /* -1 and 0 mean something else than a size */
		value *= unit->factor * times;
	desc = metric_desc_new(
		p->arena, arena_printf(p->arena, "pg_settings_%s%s%s", name, unit ? "_" : "", unit ? unit->suffix : ""),
		METRIC_GAUGE, help);
	sample_add(set, desc, value, LABELS({"server", pg_server(p->pg)}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct pg_rows *rows;

	if (probe_ask(p, "settings", sql, &rows, err) < 0)
		return -1;
	if (pg_columns(rows) != 4)
		return err_set(err, "settings: %zu columns instead of 4", pg_columns(rows));
	for (size_t row = 0; row < pg_rows_count(rows); row++) {
		const char *name = pg_text(rows, row, 0), *text = pg_text(rows, row, 1), *help = pg_text(rows, row, 3);

		if (name && text)
			add_setting(p, name, text, pg_text(rows, row, 2), help ? help : "", set);
	}
	return 0;
}

const struct collector collector_postgres_settings = {
	.name = "settings",
	.help = "The server's settings that are numbers or switches.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
