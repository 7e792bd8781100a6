#include "exporters/host/common_proc.h"

#include <ctype.h>

#include "base/num.h"

bool device_wanted(const struct device_filter *filter, const char *device)
{
	size_t len = strlen(device);

	if (filter->device_include)
		return regex_match(filter->device_include, device, len);
	return !filter->device_exclude || !regex_match(filter->device_exclude, device, len);
}

bool scan_skip(struct span *line, int n)
{
	struct span field;

	while (n-- > 0)
		if (!scan_field(line, &field))
			return false;
	return true;
}

int proc_no_sense(struct err *err, const char *path, struct span text)
{
	struct span line = {"", 0};
	size_t n = 0;
	char shown[41];

	text = span_trim(text);
	if (!text.len)
		return 0;
	scan_line(&text, &line);
	for (; n < line.len && n < sizeof(shown) - 1; n++)
		shown[n] = isprint((unsigned char)line.s[n]) ? line.s[n] : '?';
	shown[n] = '\0';
	return err_set(err, "%s: no line of it has the form that is known here; the first is \"%s\"", path, shown);
}

enum read_result proc_number(struct probe *p, struct sample_set *set, const struct metric_desc *desc, const char *path,
                             struct err *err)
{
	struct span word;
	uint64_t value;
	enum read_result rc = reader_word(p->reader, p->arena, ROOT_PROC, &word, err, "%s", path);

	if (rc != READ_OK)
		return rc;
	if (!num_parse_u64(word.s, word.len, &value)) {
		err_set(err, "%s: holds no number", path);
		return READ_FAILED;
	}
	sample_add(set, desc, (double)value, NO_LABELS);
	return READ_OK;
}

static char *put(char *out, struct span s)
{
	memcpy(out, s.s, s.len);
	return out + s.len;
}

const struct metric_desc *proc_family(struct arena *a, const struct metric_desc *pattern, const char *prefix,
                                      struct span field, const char *suffix)
{
	struct metric_desc *desc = ARENA_NEW(a, struct metric_desc);
	struct span head = span_of(prefix), tail = span_of(suffix);
	char *name = arena_alloc(a, head.len + field.len + tail.len + 1);
	char *end = put(put(put(name, head), field), tail);

	*end = '\0';
	for (char *c = name; c < end; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	desc->name = name;
	desc->help = pattern->help;
	desc->type = pattern->type;
	return desc;
}
