#include "web/query.h"

#include "base/num.h"
#include "base/scan.h"
#include "base/utf8.h"

static bool clean(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return utf8_valid(s, len);
}

/* Percent-decodes; '+' is a space only in a query. */
static int decode(struct arena *a, struct span in, bool plus, const char **out, struct err *err)
{
	char *text = arena_alloc(a, in.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = in.s[i];

		if (c == '%') {
			int high = i + 2 < in.len ? num_hex_digit(in.s[i + 1]) : -1;
			int low = i + 2 < in.len ? num_hex_digit(in.s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return err_set(err, "A %% in the address must be followed by two hexadecimal digits.");
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		text[n++] = c;
	}
	text[n] = '\0';
	if (!clean(text, n))
		return err_set(err, "The address holds control characters or bytes that are no UTF-8.");
	*out = text;
	return 0;
}

static int add_name(const char **names, size_t *n, const char *name, struct err *err)
{
	if (!*name)
		return err_set(err, "collect[] and exclude[] need the name of a collector, such as collect[]=meminfo.");
	if (*n == QUERY_MAX_NAMES)
		return err_set(err, "At most %d collect[] or exclude[] are taken in one request.", QUERY_MAX_NAMES);
	names[(*n)++] = name;
	return 0;
}

static int parse_pair(struct arena *a, struct span pair, struct query *out, struct err *err)
{
	struct span key = pair, rest = pair;
	const char *name, *value = "";

	if (!scan_until(&rest, '=', &key))
		rest = (struct span){"", 0};
	if (decode(a, key, true, &name, err) < 0 || decode(a, rest, true, &value, err) < 0)
		return -1;
	if (!strcmp(name, "collect[]"))
		return add_name(out->collect, &out->n_collect, value, err);
	if (!strcmp(name, "exclude[]"))
		return add_name(out->exclude, &out->n_exclude, value, err);
	return 0;
}

static int parse_pairs(struct arena *a, struct span rest, struct query *out, struct err *err)
{
	struct span pair;

	while (rest.len) {
		if (!scan_until(&rest, '&', &pair)) {
			pair = rest;
			rest.len = 0;
		}
		if (pair.len && parse_pair(a, pair, out, err) < 0)
			return -1;
	}
	if (out->n_collect && out->n_exclude)
		return err_set(err, "Give either collect[] or exclude[], not both.");
	return 0;
}

/* A proxy's request names the whole URL; only what follows the host matters here. */
static struct span without_origin(struct span target)
{
	struct span rest = target;

	if (span_starts(target, "http://"))
		rest = (struct span){target.s + 7, target.len - 7};
	else if (span_starts(target, "https://"))
		rest = (struct span){target.s + 8, target.len - 8};
	else
		return target;
	while (rest.len && *rest.s != '/' && *rest.s != '?') {
		rest.s++;
		rest.len--;
	}
	return rest;
}

int query_parse(struct arena *a, const char *target, struct query *out, struct err *err)
{
	struct span all = span_of(target), path, rest;

	*out = (struct query){0};
	if (all.len > QUERY_MAX_BYTES)
		return err_set(err, "The address is longer than %d bytes.", QUERY_MAX_BYTES);
	rest = without_origin(all);
	if (!scan_until(&rest, '?', &path)) {
		path = rest;
		rest.len = 0;
	}
	if (decode(a, path, false, &out->path, err) < 0)
		return -1;
	if (!*out->path && path.s != all.s)
		out->path = "/";
	if (*out->path != '/')
		return err_set(err, "The address must begin with a slash, such as /metrics.");
	return parse_pairs(a, rest, out, err);
}
