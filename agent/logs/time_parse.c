#include "logs/time_parse.h"

#include <ctype.h>
#include <strings.h>

#include "base/clock.h"
#include "base/num.h"
#include "logs/time_days.h"
#include "logs/time_layout.h"
#include "logs/time_zone.h"

enum kind { KIND_LAYOUT, KIND_RFC3339, KIND_EPOCH };

struct time_format {
	enum kind kind;
	const char *layout;
	int64_t unit_ns;              /* KIND_EPOCH */
	int64_t offset_s;             /* of times without a zone */
	const struct time_zone *zone; /* of such times, where it is more than an offset; else NULL */
};

/* A time in pieces, while it is read. */
struct moment {
	int64_t year, month, day, hour, minute, second, nanos;
	int64_t offset_s;
	const struct time_zone *zone; /* instead of offset_s, as long as the text names none; else NULL */
	int64_t epoch_s;              /* of %s; -1: not given */
	bool has_year, pm, twelve;
};

static const struct {
	const char *name;
	int64_t unit_ns;
} epochs[] = {
	{"unix", NS_PER_S}, {"unix_ms", NS_PER_MS}, {"unixms", NS_PER_MS}, {"unix_us", 1000},
	{"unixus", 1000},   {"unix_ns", 1},         {"unixns", 1},
};

static const struct {
	const char *name, *layout;
} layouts[] = {
	{"ansic", "%a %b %e %H:%M:%S %Y"},       {"unixdate", "%a %b %e %H:%M:%S %Z %Y"},
	{"rubydate", "%a %b %d %H:%M:%S %z %Y"}, {"rfc822", "%d %b %y %H:%M %Z"},
	{"rfc822z", "%d %b %y %H:%M %z"},        {"rfc850", "%A, %d-%b-%y %H:%M:%S %Z"},
	{"rfc1123", "%a, %d %b %Y %H:%M:%S %Z"}, {"rfc1123z", "%a, %d %b %Y %H:%M:%S %z"},
	{"common_log", "%d/%b/%Y:%H:%M:%S %z"},
};

/* Abbreviations that mean one thing in logs. */
static const struct {
	const char *name;
	int hours;
} zones[] = {
	{"UTC", 0},  {"GMT", 0},  {"Z", 0},    {"CET", 1},  {"CEST", 2}, {"EET", 2},   {"EEST", 3},  {"WET", 0},
	{"WEST", 1}, {"BST", 1},  {"MSK", 3},  {"EST", -5}, {"EDT", -4}, {"CST", -6},  {"CDT", -5},  {"MST", -7},
	{"MDT", -6}, {"PST", -8}, {"PDT", -7}, {"JST", 9},  {"KST", 9},  {"AEST", 10}, {"AEDT", 11},
};

static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
static const char days[] = "sunmontuewedthufrisat";

static bool to_ns(const struct moment *m, int64_t *out)
{
	int64_t s = m->epoch_s;

	if (s < 0) {
		if (m->year < 1970 || m->year > 2261 || m->month < 1 || m->month > 12 || m->day < 1 ||
		    m->day > days_in_month(m->year, m->month) || m->hour > 23 || m->minute > 59 || m->second > 60)
			return false;
		s = days_since_1970(m->year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 + m->second;
		s -= m->zone ? time_zone_offset(m->zone, s) : m->offset_s;
	}
	return s >= 0 && !__builtin_mul_overflow(s, NS_PER_S, out) && !__builtin_add_overflow(*out, m->nanos, out);
}

static bool take_digits(struct span *in, size_t least, size_t most, int64_t *out)
{
	size_t n = 0;

	*out = 0;
	while (n < most && n < in->len && isdigit((unsigned char)in->s[n]))
		*out = *out * 10 + (in->s[n++] - '0');
	in->s += n;
	in->len -= n;
	return n >= least;
}

/* Up to nine digits count, as many more as there are are passed over. */
static bool take_fraction(struct span *in, int64_t *nanos)
{
	int64_t unit = NS_PER_S / 10;
	size_t n = 0;

	*nanos = 0;
	for (; n < in->len && isdigit((unsigned char)in->s[n]); n++, unit /= 10)
		*nanos += (in->s[n] - '0') * unit;
	in->s += n;
	in->len -= n;
	return n > 0;
}

/* Z, +01, +0100 or +01:00 */
static bool take_offset(struct span *in, int64_t *out)
{
	int64_t hours, minutes = 0;
	bool west;

	if (scan_char(in, 'Z') || scan_char(in, 'z')) {
		*out = 0;
		return true;
	}
	west = scan_char(in, '-');
	if ((!west && !scan_char(in, '+')) || !take_digits(in, 2, 2, &hours))
		return false;
	if (scan_char(in, ':') ? !take_digits(in, 2, 2, &minutes)
	                       : in->len && isdigit((unsigned char)*in->s) && !take_digits(in, 2, 2, &minutes))
		return false;
	if (hours > 15 || minutes > 59)
		return false;
	*out = (hours * 3600 + minutes * 60) * (west ? -1 : 1);
	return true;
}

/* An offset, an abbreviation of the zone where the text is from, or one that means the same everywhere. */
static bool take_zone(struct span *in, const struct time_zone *zone, int64_t *out)
{
	struct span name;
	size_t n = 0;

	if (in->len && (*in->s == '+' || *in->s == '-'))
		return take_offset(in, out);
	while (n < in->len && isalpha((unsigned char)in->s[n]))
		n++;
	name = (struct span){in->s, n};
	*in = (struct span){in->s + n, in->len - n};
	if (zone && time_zone_abbreviation(zone, name, out))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (span_eq(name, zones[i].name)) {
			*out = zones[i].hours * INT64_C(3600);
			return true;
		}
	return false;
}

/* The place of a word's first three letters in a table of such, from 0; the rest of the word is passed over. */
static bool take_word(struct span *in, const char *table, int64_t *out)
{
	const char *at = table;

	while (in->len >= 3 && *at && strncasecmp(at, in->s, 3) != 0)
		at += 3;
	if (in->len < 3 || !*at)
		return false;
	*out = (at - table) / 3;
	while (in->len && isalpha((unsigned char)*in->s)) {
		in->s++;
		in->len--;
	}
	return true;
}

static bool take_epoch(struct span *in, struct moment *m)
{
	return take_digits(in, 1, 10, &m->epoch_s);
}

static bool take_twelve(struct span *in, struct moment *m)
{
	m->twelve = true;
	return take_digits(in, 1, 2, &m->hour) && m->hour >= 1 && m->hour <= 12;
}

static bool take_half(struct span *in, struct moment *m)
{
	if (in->len < 2 || tolower((unsigned char)in->s[1]) != 'm')
		return false;
	m->pm = tolower((unsigned char)*in->s) == 'p';
	if (!m->pm && tolower((unsigned char)*in->s) != 'a')
		return false;
	in->s += 2;
	in->len -= 2;
	return true;
}

static bool take_year(struct span *in, struct moment *m, bool full)
{
	m->has_year = true;
	if (!take_digits(in, full ? 4 : 2, full ? 4 : 2, &m->year))
		return false;
	m->year += full ? 0 : m->year < 69 ? 2000 : 1900;
	return true;
}

/* Of the text itself, which counts more than where it is from. */
static bool take_own_zone(struct span *in, struct moment *m, bool by_name)
{
	const struct time_zone *zone = m->zone;

	m->zone = NULL;
	return by_name ? take_zone(in, zone, &m->offset_s) : take_offset(in, &m->offset_s);
}

/* Go takes one along with the seconds, whatever the layout says. */
static bool take_own_fraction(struct span *in, struct moment *m)
{
	if (in->len < 2 || (*in->s != '.' && *in->s != ',') || !isdigit((unsigned char)in->s[1]))
		return true;
	return scan_char(in, *in->s) && take_fraction(in, &m->nanos);
}

static bool take_blanks(struct span *in)
{
	while (in->len && isspace((unsigned char)*in->s)) {
		in->s++;
		in->len--;
	}
	return true;
}

static bool take_directive(struct span *in, char c, struct moment *m)
{
	int64_t ignored;

	switch (c) {
	case 'Y': return take_year(in, m, true);
	case 'y': return take_year(in, m, false);
	case 'm': return take_digits(in, 1, 2, &m->month);
	case 'e': return take_blanks(in) && take_digits(in, 1, 2, &m->day);
	case 'd': return take_digits(in, 1, 2, &m->day);
	case 'b':
	case 'B': return take_word(in, months, &m->month) && m->month++ >= 0;
	case 'a':
	case 'A': return take_word(in, days, &ignored);
	case 'H': return take_digits(in, 1, 2, &m->hour);
	case 'I': return take_twelve(in, m);
	case 'p': return take_half(in, m);
	case 'M': return take_digits(in, 2, 2, &m->minute);
	case 'S': return take_digits(in, 2, 2, &m->second);
	case 'f': return take_fraction(in, &m->nanos);
	case '.': return take_own_fraction(in, m);
	case 'z': return take_own_zone(in, m, false);
	case 'Z': return take_own_zone(in, m, true);
	case 's': return take_epoch(in, m);
	default: return scan_char(in, '%');
	}
}

/* A day's tolerance: clocks and zones of others. What lies further ahead was last year. */
static void guess_year(struct moment *m, int64_t now_ns)
{
	int64_t days_now = now_ns / NS_PER_S / 86400;

	m->year = 1970 + days_now * 10000 / 3652425;
	if (m->month >= 1 && m->month <= 12 && days_since_1970(m->year, m->month, m->day) > days_now + 1)
		m->year--;
}

static bool parse_layout(const struct time_format *f, struct span text, int64_t now_ns, int64_t *out)
{
	struct moment m = {.month = 1, .day = 1, .offset_s = f->offset_s, .zone = f->zone, .epoch_s = -1};

	for (const char *p = f->layout; *p; p++) {
		bool good;

		if (*p == '%')
			good = take_directive(&text, *++p, &m);
		else if (*p == ' ')
			good = text.len && isspace((unsigned char)*text.s) && take_blanks(&text);
		else
			good = scan_char(&text, *p);
		if (!good)
			return false;
	}
	if (m.twelve)
		m.hour = m.hour % 12 + (m.pm ? 12 : 0);
	if (!m.has_year)
		guess_year(&m, now_ns);
	return !text.len && to_ns(&m, out);
}

static bool two(const char *s, int64_t *out)
{
	int64_t tens = s[0] - '0', ones = s[1] - '0';

	*out = tens * 10 + ones;
	return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9;
}

/* f: where times without a zone are; NULL: there must be one. */
static bool rfc3339(struct span in, const struct time_format *f, int64_t *out)
{
	struct moment m = {.epoch_s = -1, .offset_s = f ? f->offset_s : 0, .zone = f ? f->zone : NULL};
	int64_t century;
	const char *s = in.s;

	if (in.len < 19 || s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != ' ' && s[10] != 't') ||
	    s[13] != ':' || s[16] != ':')
		return false;
	if (!two(s, &century) || !two(s + 2, &m.year) || !two(s + 5, &m.month) || !two(s + 8, &m.day) ||
	    !two(s + 11, &m.hour) || !two(s + 14, &m.minute) || !two(s + 17, &m.second))
		return false;
	m.year += century * 100;
	in = (struct span){s + 19, in.len - 19};
	if ((scan_char(&in, '.') || scan_char(&in, ',')) && !take_fraction(&in, &m.nanos))
		return false;
	if (in.len || !f) {
		scan_char(&in, ' ');
		if (!take_own_zone(&in, &m, false))
			return false;
	}
	return !in.len && to_ns(&m, out);
}

bool time_parse_rfc3339(struct span text, int64_t *out)
{
	return rfc3339(text, NULL, out);
}

/* Digits and a fraction are exact; what has an exponent is as good as a double. */
static bool parse_epoch(int64_t unit_ns, struct span text, int64_t *out)
{
	struct span rest = text;
	int64_t whole, nanos = 0;
	double v;

	while (rest.len && isdigit((unsigned char)*rest.s))
		scan_char(&rest, *rest.s);
	if (num_parse_i64(text.s, (size_t)(rest.s - text.s), &whole) &&
	    (!scan_char(&rest, '.') || take_fraction(&rest, &nanos)) && !rest.len)
		return !__builtin_mul_overflow(whole, unit_ns, out) &&
		       !__builtin_add_overflow(*out, nanos / (NS_PER_S / unit_ns), out);
	if (!num_parse_double(text.s, text.len, &v) || !(v >= 0) || v * (double)unit_ns > 9.2e18)
		return false;
	*out = (int64_t)(v * (double)unit_ns);
	return true;
}

bool time_parse(const struct time_format *f, struct span text, int64_t now_ns, int64_t *out)
{
	int64_t ns;
	bool good;

	text = span_trim(text);
	switch (f->kind) {
	case KIND_RFC3339: good = rfc3339(text, f, &ns); break;
	case KIND_EPOCH: good = parse_epoch(f->unit_ns, text, &ns); break;
	default: good = parse_layout(f, text, now_ns, &ns); break;
	}
	if (good)
		*out = ns;
	return good;
}

/* %T and %F are spelt out; false for a directive that there is not. */
static bool spell_out(struct arena *a, const char *layout, const char **out)
{
	char *text = arena_alloc(a, strlen(layout) * 8 + 1), *p = text;

	for (; *layout; layout++) {
		if (*layout != '%') {
			*p++ = *layout;
			continue;
		}
		layout++;
		if (*layout == 'T' || *layout == 'F') {
			p = stpcpy(p, *layout == 'T' ? "%H:%M:%S" : "%Y-%m-%d");
			continue;
		}
		if (!*layout || !strchr("YymdebBaAHIpMSfzZs%", *layout))
			return false;
		*p++ = '%';
		*p++ = *layout;
	}
	*p = '\0';
	*out = text;
	return true;
}

static int set_zone(struct arena *a, struct time_format *f, const char *zone, struct err *err)
{
	struct span rest = span_of(zone && *zone ? zone : "UTC");
	bool known = take_zone(&rest, NULL, &f->offset_s) && !rest.len;
	struct err why;

	/* CET has summers, by the name of the zone; what is no such name stays what the abbreviation says */
	if (known && (!f->offset_s || !isalpha((unsigned char)*zone)))
		return 0;
	if (time_zone_load(a, zone, &f->zone, &why) == 0 || known)
		return 0;
	return err_set(err, "%s", why.text);
}

int time_format_compile(struct arena *a, const char *format, const char *zone, const struct time_format **out,
                        struct err *err)
{
	struct time_format *f = ARENA_NEW(a, struct time_format);
	const char *layout = format;

	if (set_zone(a, f, zone, err) < 0)
		return -1;
	*out = f;
	if (!strcasecmp(format, "rfc3339") || !strcasecmp(format, "rfc3339nano")) {
		f->kind = KIND_RFC3339;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(epochs); i++)
		if (!strcasecmp(format, epochs[i].name)) {
			f->kind = KIND_EPOCH;
			f->unit_ns = epochs[i].unit_ns;
			return 0;
		}
	for (size_t i = 0; i < ARRAY_LEN(layouts); i++)
		if (!strcasecmp(format, layouts[i].name))
			layout = layouts[i].layout;
	if (time_layout_is(layout)) {
		f->layout = time_layout_spell_out(a, layout);
		return f->layout ? 0
		                 : err_set(err, "%s: the day of a year cannot be read; write month and day", format);
	}
	if (!strchr(layout, '%'))
		return err_set(err,
		               "no such format: %s; write rfc3339, unix, unix_ms, unix_us, unix_ns or a layout such "
		               "as %%Y-%%m-%%d %%H:%%M:%%S, or Go's 2006-01-02 15:04:05",
		               format);
	if (!spell_out(a, layout, &f->layout))
		return err_set(err,
		               "%s holds a %% that means nothing; known are %%Y %%m %%d %%H %%M %%S %%f %%z %%Z %%b "
		               "%%a %%e %%y %%I %%p %%s %%T %%F; write one of them, or %%%% for a %%",
		               format);
	return 0;
}
