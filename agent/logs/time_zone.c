#include "logs/time_zone.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/file.h"
#include "logs/time_days.h"

enum { FILE_MAX_BYTES = 256 * 1024, NAME_MAX_BYTES = 64, HEADER_BYTES = 44, DAY_S = 86400 };

struct kind {
	int64_t offset_s;
	struct span name;
};

/* When a year's change is, by the rule behind the table: the nth weekday of a month, or a day of the year. */
struct change_rule {
	char by; /* 'M', 'J' (1 to 365, never 29 February) or '0' (0 to 365) */
	int64_t month, week, day;
	int64_t second; /* of that day, as clocks show it before */
};

struct tail {
	struct kind standard, summer;
	struct change_rule to_summer, to_standard;
	bool has_summer;
};

struct time_zone {
	size_t n, n_kinds;
	int64_t *changes;
	const unsigned char *of_change; /* the kind that a change leads to */
	struct kind *kinds;
	struct tail tail;
	bool has_tail;
};

/* What holds from one change to the next. */
struct stretch {
	int64_t begin, end, offset_s;
};

static uint64_t number(const char *p, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* Digits and their value; false where there are none, or too many. */
static bool take_number(struct span *in, int64_t most, int64_t *out)
{
	size_t n = 0;

	for (*out = 0; n < in->len && isdigit((unsigned char)in->s[n]) && *out <= most; n++)
		*out = *out * 10 + (in->s[n] - '0');
	in->s += n;
	in->len -= n;
	return n && *out <= most;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool take_clock(struct span *in, int64_t *out)
{
	bool minus = scan_char(in, '-');
	int64_t part;

	if (!minus)
		(void)scan_char(in, '+');
	if (!take_number(in, 167, out))
		return false;
	*out *= 3600;
	for (int64_t unit = 60; unit && scan_char(in, ':'); unit /= 60) {
		if (!take_number(in, 59, &part))
			return false;
		*out += part * unit;
	}
	*out *= minus ? -1 : 1;
	return true;
}

static bool take_name(struct span *in, struct span *out)
{
	bool quoted = scan_char(in, '<');

	out->s = in->s;
	for (out->len = 0; out->len < in->len; out->len++) {
		char c = in->s[out->len];

		if (quoted ? c == '>' : !isalpha((unsigned char)c))
			break;
	}
	in->s += out->len;
	in->len -= out->len;
	return out->len && (!quoted || scan_char(in, '>'));
}

/* ,M3.5.0/2 or ,J60 or ,59 */
static bool take_change(struct span *in, struct change_rule *out)
{
	*out = (struct change_rule){.by = '0', .second = 2 * 3600};
	if (!scan_char(in, ','))
		return false;
	if (scan_char(in, 'M')) {
		out->by = 'M';
		if (!take_number(in, 12, &out->month) || !out->month || !scan_char(in, '.') ||
		    !take_number(in, 5, &out->week) || !out->week || !scan_char(in, '.') ||
		    !take_number(in, 6, &out->day))
			return false;
	} else {
		out->by = scan_char(in, 'J') ? 'J' : '0';
		if (!take_number(in, 365, &out->day))
			return false;
	}
	return !scan_char(in, '/') || take_clock(in, &out->second);
}

/* POSIX's way to write a zone: CET-1CEST,M3.5.0,M10.5.0/3; offsets are west of Greenwich. */
static bool parse_tail(struct span in, struct tail *t)
{
	int64_t west;

	if (!take_name(&in, &t->standard.name) || !take_clock(&in, &west))
		return false;
	t->standard.offset_s = -west;
	if (!in.len)
		return true;
	t->has_summer = true;
	t->summer.offset_s = t->standard.offset_s + 3600;
	if (!take_name(&in, &t->summer.name))
		return false;
	if (in.len && *in.s != ',') {
		if (!take_clock(&in, &west))
			return false;
		t->summer.offset_s = -west;
	}
	return take_change(&in, &t->to_summer) && take_change(&in, &t->to_standard) && !in.len;
}

static int64_t day_of_change(const struct change_rule *r, int64_t year)
{
	int64_t first = days_since_1970(year, r->by == 'M' ? r->month : 1, 1), weekday, day;

	if (r->by == '0')
		return first + r->day;
	if (r->by == 'J')
		return first + r->day - 1 + (year_is_leap(year) && r->day > 59);
	weekday = (first % 7 + 7 + 4) % 7; /* 1 January 1970 was a Thursday */
	day = (r->day - weekday + 7) % 7 + 7 * (r->week - 1);
	while (day >= days_in_month(year, r->month))
		day -= 7;
	return first + day;
}

static void insert(struct stretch *list, size_t *n, struct stretch s)
{
	size_t i = (*n)++;

	for (; i && list[i - 1].begin > s.begin; i--)
		list[i] = list[i - 1];
	list[i] = s;
}

static struct stretch look_up_tail(const struct tail *t, int64_t utc_s)
{
	int64_t year = 1970 + utc_s / DAY_S * 10000 / 3652425;
	struct stretch list[6], found = {INT64_MIN, INT64_MAX, t->standard.offset_s};
	size_t n = 0;

	if (!t->has_summer)
		return found;
	for (int64_t y = year - 1; y <= year + 1; y++) {
		insert(list, &n,
		       (struct stretch){day_of_change(&t->to_summer, y) * DAY_S + t->to_summer.second -
		                                t->standard.offset_s,
		                        0, t->summer.offset_s});
		insert(list, &n,
		       (struct stretch){day_of_change(&t->to_standard, y) * DAY_S + t->to_standard.second -
		                                t->summer.offset_s,
		                        0, t->standard.offset_s});
	}
	for (size_t i = 0; i < n; i++)
		if (list[i].begin <= utc_s)
			found = (struct stretch){list[i].begin, i + 1 < n ? list[i + 1].begin : INT64_MAX,
			                         list[i].offset_s};
	return found;
}

static struct stretch look_up(const struct time_zone *z, int64_t utc_s)
{
	size_t low = 0, high = z->n; /* changes[low - 1] <= utc_s < changes[high] */
	struct stretch found;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (z->changes[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == z->n && z->has_tail) {
		found = look_up_tail(&z->tail, utc_s);
		if (z->n && found.begin < z->changes[z->n - 1])
			found.begin = z->changes[z->n - 1];
		return found;
	}
	return (struct stretch){low ? z->changes[low - 1] : INT64_MIN, low < z->n ? z->changes[low] : INT64_MAX,
	                        z->kinds[low ? z->of_change[low - 1] : 0].offset_s};
}

int64_t time_zone_offset(const struct time_zone *z, int64_t shown_s)
{
	struct stretch first = look_up(z, shown_s);
	int64_t utc_s = shown_s - first.offset_s;

	if (utc_s >= first.begin && utc_s < first.end)
		return first.offset_s;
	return look_up(z, utc_s).offset_s;
}

static bool is_called(const struct kind *kind, struct span name, int64_t *offset_s)
{
	if (kind->name.len != name.len || memcmp(kind->name.s, name.s, name.len) != 0)
		return false;
	*offset_s = kind->offset_s;
	return true;
}

bool time_zone_abbreviation(const struct time_zone *z, struct span name, int64_t *offset_s)
{
	if (z->has_tail && (is_called(&z->tail.standard, name, offset_s) ||
	                    (z->tail.has_summer && is_called(&z->tail.summer, name, offset_s))))
		return true;
	for (size_t i = z->n; i > 0; i--)
		if (is_called(&z->kinds[z->of_change[i - 1]], name, offset_s))
			return true;
	return z->n_kinds && is_called(&z->kinds[0], name, offset_s);
}

struct counts {
	size_t utc, standard, leaps, changes, kinds, chars;
};

static bool take_header(struct span *in, struct counts *c, char *version)
{
	const char *p = in->s + 20;

	if (in->len < HEADER_BYTES || memcmp(in->s, "TZif", 4) != 0)
		return false;
	*version = in->s[4];
	*c = (struct counts){number(p, 4),      number(p + 4, 4),  number(p + 8, 4),
	                     number(p + 12, 4), number(p + 16, 4), number(p + 20, 4)};
	*in = (struct span){in->s + HEADER_BYTES, in->len - HEADER_BYTES};
	return c->utc <= 256 && c->standard <= 256 && c->kinds >= 1 && c->kinds <= 256 && c->chars <= 4096 &&
	       c->leaps <= 4096 && c->changes <= 16384;
}

/* The bytes of a block whose times take so many. */
static size_t block_size(const struct counts *c, size_t time)
{
	return c->changes * (time + 1) + c->kinds * 6 + c->chars + c->leaps * (time + 4) + c->standard + c->utc;
}

static bool read_block(struct arena *a, struct span in, const struct counts *c, size_t time, struct time_zone *z)
{
	const char *kinds = in.s + c->changes * (time + 1), *chars = kinds + c->kinds * 6;

	z->n = c->changes;
	z->n_kinds = c->kinds;
	z->changes = ARENA_ARRAY(a, int64_t, z->n + 1);
	z->kinds = ARENA_ARRAY(a, struct kind, z->n_kinds);
	z->of_change = (const unsigned char *)in.s + c->changes * time;
	for (size_t i = 0; i < z->n; i++) {
		uint64_t v = number(in.s + i * time, time);

		z->changes[i] = time == 4 ? (int32_t)(uint32_t)v : (int64_t)v;
		if (z->of_change[i] >= z->n_kinds || (i && z->changes[i] <= z->changes[i - 1]))
			return false;
	}
	for (size_t i = 0; i < z->n_kinds; i++) {
		size_t name = (unsigned char)kinds[i * 6 + 5];

		if (name >= c->chars)
			return false;
		z->kinds[i] = (struct kind){(int32_t)(uint32_t)number(kinds + i * 6, 4),
		                            {chars + name, strnlen(chars + name, c->chars - name)}};
		if (z->kinds[i].offset_s < -26 * 3600 || z->kinds[i].offset_s > 26 * 3600)
			return false;
	}
	return true;
}

static bool read_zone(struct arena *a, struct span in, struct time_zone *z)
{
	struct counts c;
	struct span footer;
	char version;

	if (!take_header(&in, &c, &version) || in.len < block_size(&c, 4))
		return false;
	if (version < '2')
		return read_block(a, in, &c, 4, z);
	in.s += block_size(&c, 4);
	in.len -= block_size(&c, 4);
	if (!take_header(&in, &c, &version) || in.len < block_size(&c, 8) || !read_block(a, in, &c, 8, z))
		return false;
	in.s += block_size(&c, 8);
	in.len -= block_size(&c, 8);
	if (!scan_char(&in, '\n') || !scan_until(&in, '\n', &footer))
		return false;
	z->has_tail = footer.len > 0;
	return !footer.len || parse_tail(footer, &z->tail);
}

static bool is_name(const char *name)
{
	if (strlen(name) > NAME_MAX_BYTES || strstr(name, "..") || !isalpha((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("/_+-", *name))
			return false;
	return true;
}

int time_zone_load(struct arena *a, const char *name, const struct time_zone **out, struct err *err)
{
	const char *directory = getenv("TZDIR"), *path;
	struct time_zone *z = ARENA_NEW(a, struct time_zone);
	struct err why;
	struct span text;
	char *data;

	directory = directory && *directory ? directory : "/usr/share/zoneinfo";
	path = !strcmp(name, "Local") ? "/etc/localtime" : arena_printf(a, "%s/%s", directory, name);
	if (!is_name(name) || (*path != '/' || (access(directory, X_OK) == 0 && access(path, F_OK) < 0)))
		return err_set(err,
		               "no such zone: %.64s; write UTC, an offset such as +02:00, or a name such as "
		               "Europe/Berlin",
		               name);
	if (access(path, F_OK) < 0)
		return err_set(err,
		               "no such zone: %s, for there are none in %s; install tzdata, or write an offset such "
		               "as +02:00",
		               name, directory);
	if (file_read(a, path, FILE_MAX_BYTES, &data, &text.len, &why) < 0)
		return err_set(err, "the zone %s cannot be read: %s", name, why.text);
	text.s = data;
	if (!read_zone(a, text, z))
		return err_set(err, "%s is no file of a time zone, or a damaged one; install tzdata anew", path);
	*out = z;
	return 0;
}
