/* The distribution, from etc/os-release or usr/lib/os-release. */
#include <ctype.h>

#include "base/num.h"
#include "collect/collector.h"

enum { INFO, VERSION, SUPPORT_END };

static const struct metric_desc metrics[] = {
	[INFO] = {"node_os_info", "The distribution, as its os-release file tells it.", METRIC_GAUGE,
                  "build_id,id,id_like,image_id,image_version,name,pretty_name,variant,variant_id,version,"
                  "version_codename,version_id"},
	[VERSION] = {"node_os_version", "Number at the start of the distribution's version.", METRIC_GAUGE,
                     "id,id_like,name"},
	[SUPPORT_END] = {"node_os_support_end_timestamp_seconds", "When support for the distribution ends."},
	{0},
};

enum { ID = 1, ID_LIKE = 2, NAME = 5, VERSION_ID = 11, END, KEYS };

static const struct {
	const char *key, *label;
} keys[KEYS] = {
	{"BUILD_ID", "build_id"},
	[ID] = {"ID", "id"},
	[ID_LIKE] = {"ID_LIKE", "id_like"},
	{"IMAGE_ID", "image_id"},
	{"IMAGE_VERSION", "image_version"},
	[NAME] = {"NAME", "name"},
	{"PRETTY_NAME", "pretty_name"},
	{"VARIANT", "variant"},
	{"VARIANT_ID", "variant_id"},
	{"VERSION", "version"},
	{"VERSION_CODENAME", "version_codename"},
	[VERSION_ID] = {"VERSION_ID", "version_id"},
	[END] = {"SUPPORT_END", NULL},
};

/* A value as a shell would read it: quotes of both kinds, and backslashes outside single ones. */
static const char *unquote(struct arena *a, struct span s)
{
	char *out = arena_alloc(a, s.len + 1), quote = '\0';
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.s[i];

		if (c == '\\' && quote != '\'' && i + 1 < s.len)
			out[n++] = s.s[++i];
		else if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else
			out[n++] = c;
	}
	out[n] = '\0';
	return out;
}

static void parse(struct arena *a, struct span text, const char *values[KEYS])
{
	struct span line, key;

	for (size_t i = 0; i < KEYS; i++)
		values[i] = "";
	while (scan_line(&text, &line)) {
		line = span_trim(line);
		if (!scan_until(&line, '=', &key))
			continue;
		for (size_t i = 0; i < KEYS; i++)
			if (span_eq(key, keys[i].key))
				values[i] = unquote(a, line);
	}
}

/* The "22.04" of "22.04.3-beta". */
static double leading_number(const char *s)
{
	size_t n = 0;
	double value;

	while (isdigit((unsigned char)s[n]))
		n++;
	if (n && s[n] == '.')
		n++;
	while (n && isdigit((unsigned char)s[n]))
		n++;
	return num_parse_double(s, n, &value) ? value : 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct label labels[END];
	const char *values[KEYS];
	struct tm end = {0};
	struct span text;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_FS, "etc/os-release", &text, err);

	if (rc == READ_ABSENT)
		rc = reader_read(p->reader, p->arena, ROOT_FS, "usr/lib/os-release", &text, err);
	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	parse(p->arena, text, values);
	for (size_t i = 0; i < END; i++)
		labels[i] = (struct label){keys[i].label, values[i]};
	sample_add(set, &metrics[INFO], 1, labels, END);
	if (leading_number(values[VERSION_ID]) > 0)
		sample_add(set, &metrics[VERSION], leading_number(values[VERSION_ID]),
		           LABELS({"id", values[ID]}, {"id_like", values[ID_LIKE]}, {"name", values[NAME]}));
	if (*values[END]) {
		const char *rest = strptime(values[END], "%Y-%m-%d", &end);

		if (!rest || *rest)
			return err_set(err, "os-release: SUPPORT_END is no date such as 2028-06-30");
		sample_add(set, &metrics[SUPPORT_END], (double)timegm(&end), NO_LABELS);
	}
	return 0;
}

const struct collector collector_host_os = {
	.name = "os",
	.help = "The distribution from its os-release file.",
	.metrics = metrics,
	.collect = collect,
};
