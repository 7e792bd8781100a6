#include "web/negotiate.h"

#include <strings.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/scan.h"

/* One element of an Accept or Accept-Encoding header. */
struct item {
	struct span name;
	struct span version; /* empty: none given */
	bool escaping;
	double q;
};

static bool same(struct span s, const char *text)
{
	return s.len == strlen(text) && !strncasecmp(s.s, text, s.len);
}

static struct span unquoted(struct span s)
{
	if (s.len >= 2 && s.s[0] == '"' && s.s[s.len - 1] == '"')
		return (struct span){s.s + 1, s.len - 2};
	return s;
}

/* The text up to `c`, or all of it; false at the end. */
static bool cut(struct span *rest, char c, struct span *part)
{
	if (!rest->len)
		return false;
	if (!scan_until(rest, c, part)) {
		*part = *rest;
		*rest = (struct span){rest->s + rest->len, 0};
	}
	*part = span_trim(*part);
	return true;
}

static void parse_parameter(struct span text, struct item *item)
{
	struct span key, value = text;

	if (!scan_until(&value, '=', &key))
		return;
	key = span_trim(key);
	value = unquoted(span_trim(value));
	if (same(key, "version"))
		item->version = value;
	else if (same(key, "escaping"))
		item->escaping = true;
	else if (same(key, "q") && (!num_parse_double(value.s, value.len, &item->q) || !(item->q >= 0 && item->q <= 1)))
		item->q = 0;
}

static bool next_item(struct span *rest, struct item *item)
{
	struct span text, parameter;

	if (!cut(rest, ',', &text))
		return false;
	*item = (struct item){.q = 1};
	if (cut(&text, ';', &item->name))
		while (cut(&text, ';', &parameter))
			parse_parameter(parameter, item);
	return true;
}

static bool supported(const struct item *item, enum exposition_format *format)
{
	if (same(item->name, "application/openmetrics-text")) {
		*format = EXPOSITION_OPENMETRICS;
		return !item->version.len || span_eq(item->version, "1.0.0");
	}
	*format = EXPOSITION_TEXT;
	if (same(item->name, "text/plain"))
		return !item->version.len || span_eq(item->version, "0.0.4");
	return same(item->name, "text/*") || same(item->name, "*/*");
}

struct negotiated negotiate_format(const char *accept)
{
	struct negotiated best = {.format = EXPOSITION_TEXT};
	struct span rest = span_of(accept ? accept : "");
	enum exposition_format format;
	struct item item;
	double q = 0;

	while (next_item(&rest, &item)) {
		best.escaping = best.escaping || item.escaping;
		if (item.q > q && supported(&item, &format)) {
			q = item.q;
			best.format = format;
		}
	}
	return best;
}

bool negotiate_gzip(const char *accept_encoding)
{
	struct span rest = span_of(accept_encoding ? accept_encoding : "");
	double gzip = 0, identity = 0;
	struct item item;

	while (next_item(&rest, &item)) {
		if (same(item.name, "gzip") || same(item.name, "x-gzip"))
			gzip = item.q;
		else if (same(item.name, "identity"))
			identity = item.q;
	}
	return gzip > 0 && gzip >= identity;
}

int64_t negotiate_timeout_ns(const char *header, int64_t most_ns)
{
	struct span text = span_trim(span_of(header ? header : ""));
	double seconds, allowed;

	if (!num_parse_double(text.s, text.len, &seconds) || !(seconds > 0))
		return most_ns;
	allowed = seconds - 0.5 > seconds / 2 ? seconds - 0.5 : seconds / 2;
	if (allowed >= ns_to_seconds(most_ns))
		return most_ns;
	return allowed > 0.001 ? (int64_t)(allowed * 1e9) : NS_PER_MS;
}
