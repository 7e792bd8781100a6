#include "config/parse.h"

#include <math.h>
#include <strings.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "config/regex.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* From the largest to the smallest: the order in which they may follow each other. */
static const struct unit duration_units[] = {
	{"w", UINT64_C(604800) * NS_PER_S},
	{"d", UINT64_C(86400) * NS_PER_S},
	{"h", UINT64_C(3600) * NS_PER_S},
	{"m", UINT64_C(60) * NS_PER_S},
	{"s", NS_PER_S},
	{"ms", NS_PER_MS},
};

/* For printing, the first that divides is taken. */
static const struct unit size_units[] = {
	{"TiB", UINT64_C(1) << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", UINT64_C(1000000000000)},
	{"GB", 1000000000},
	{"MB", 1000000},
	{"kB", 1000},
	{"KB", 1000},
	{"B", 1},
};

static const struct {
	const char *name, *example;
} types[] = {
	[FIELD_BOOL] = {"true or false", "true"},
	[FIELD_INT] = {"a whole number", "10"},
	[FIELD_DOUBLE] = {"a number", "0.5"},
	[FIELD_DURATION] = {"a duration", "5s"},
	[FIELD_SIZE] = {"a size", "64KiB"},
	[FIELD_STRING] = {"a text", "'text'"},
	[FIELD_ENUM] = {"one of a few words", "word"},
	[FIELD_REF] = {"the name of a target", "'text'"},
	[FIELD_REGEX] = {"a regular expression", "'^lo$'"},
	[FIELD_SECRET] = {"a secret", "'text'"},
	[FIELD_STRING_LIST] = {"a list of texts", "[one, two]"},
	[FIELD_REF_LIST] = {"a name or a list of names of targets", "[one, two]"},
	[FIELD_STRING_MAP] = {"a mapping of texts", "{key: value}"},
	[FIELD_STRUCT] = {"a section with keys of its own", "{key: value}"},
	[FIELD_SECTION] = {"a section with keys of its own", "{key: value}"},
	[FIELD_LIST] = {"a list of sections", "[{key: value}]"},
	[FIELD_CHOICES] = {"a list of sections of one key", "[{key: value}]"},
};

const char *parse_type_name(enum field_type type)
{
	return types[type].name;
}

const char *parse_type_example(enum field_type type)
{
	return types[type].example;
}

static size_t digits(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.s[n] >= '0' && s.s[n] <= '9')
		n++;
	return n;
}

static int parse_bool(struct span s, bool *out, struct err *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (s.len == strlen(words[i]) && !strncasecmp(s.s, words[i], s.len)) {
			*out = i % 2;
			return 0;
		}
	return err_set(err, "neither true nor false; write one of them");
}

static int check_range(const struct field *f, int64_t v, void (*format)(struct buf *, int64_t), struct err *err)
{
	struct buf CLEANUP_BUF b = {0};

	if (!f->min && !f->max)
		return 0;
	if (v >= f->min && v <= f->max)
		return 0;
	buf_printf(&b, "out of range; write ");
	format(&b, f->min);
	buf_puts(&b, f->max == INT64_MAX ? " or more" : " to ");
	if (f->max != INT64_MAX)
		format(&b, f->max);
	return err_set(err, "%s", b.data);
}

static void format_int(struct buf *out, int64_t v)
{
	buf_printf(out, "%lld", (long long)v);
}

static void format_signed_size(struct buf *out, int64_t v)
{
	format_size(out, (uint64_t)v);
}

static int parse_int(const struct field *f, struct span s, int64_t *out, struct err *err)
{
	if (!num_parse_i64(s.s, s.len, out))
		return err_set(err, "not a whole number; write digits only, such as 10");
	return check_range(f, *out, format_int, err);
}

static int parse_double(struct span s, double *out, struct err *err)
{
	if (!num_parse_double(s.s, s.len, out) || !isfinite(*out))
		return err_set(err, "not a number; write one such as 0.5");
	return 0;
}

static const struct unit *take_duration_unit(struct span *s, const struct unit *from)
{
	const struct unit *end = duration_units + ARRAY_LEN(duration_units);
	size_t n = 0;

	while (n < s->len && s->s[n] >= 'a' && s->s[n] <= 'z')
		n++;
	for (const struct unit *u = from; u < end; u++)
		if (span_eq((struct span){s->s, n}, u->name)) {
			s->s += n;
			s->len -= n;
			return u;
		}
	return NULL;
}

static int parse_duration(const struct field *f, struct span s, int64_t *out, struct err *err)
{
	const struct unit *next = duration_units;
	uint64_t total = 0;

	if (s.len && digits(s) == s.len)
		return err_set(err, "a duration needs a unit; write 5s (or 500ms, 1m, 1h30m, 2d, 1w)");
	do {
		size_t n = digits(s);
		const struct unit *u;
		uint64_t v;

		if (!num_parse_u64(s.s, n, &v))
			return err_set(err, "not a duration; write 5s (or 500ms, 1m, 1h30m, 2d, 1w)");
		s.s += n;
		s.len -= n;
		u = take_duration_unit(&s, next);
		if (!u)
			return err_set(err,
			               "not a duration; the units are w d h m s ms, larger ones first, as in 1h30m");
		if (__builtin_mul_overflow(v, u->factor, &v) || __builtin_add_overflow(total, v, &total) ||
		    total > INT64_MAX)
			return err_set(err, "longer than 292 years; write a shorter duration");
		next = u + 1;
	} while (s.len);
	*out = (int64_t)total;
	return check_range(f, *out, format_duration, err);
}

static int parse_size(const struct field *f, struct span s, uint64_t *out, struct err *err)
{
	size_t n = digits(s);
	struct span name = {s.s + n, s.len - n};
	uint64_t factor = name.len ? 0 : 1;

	for (size_t i = 0; i < ARRAY_LEN(size_units) && !factor; i++)
		if (span_eq(name, size_units[i].name))
			factor = size_units[i].factor;
	if (!n || !factor)
		return err_set(err, "not a size; write bytes or a unit of B kB MB GB TB KiB MiB GiB TiB, as in 64KiB");
	if (!num_parse_u64(s.s, n, out) || __builtin_mul_overflow(*out, factor, out) || *out > INT64_MAX)
		return err_set(err, "larger than any disk; write a smaller size");
	return check_range(f, (int64_t)*out, format_signed_size, err);
}

static int parse_enum(const struct field *f, struct span s, int *out, struct err *err)
{
	struct buf CLEANUP_BUF b = {0};

	for (int i = 0; f->names[i]; i++)
		if (span_eq(s, f->names[i])) {
			*out = i;
			return 0;
		}
	for (int i = 0; f->names[i]; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", f->names[i]);
	return err_set(err, "no such choice; write one of: %s", b.data);
}

bool parse_is_scalar(enum field_type type)
{
	return type <= FIELD_REGEX;
}

int parse_scalar(struct arena *a, const struct field *f, struct span s, void *out, struct err *err)
{
	if (memchr(s.s, '\0', s.len))
		return err_set(err, "holds a NUL character; remove it");
	if (!utf8_valid(s.s, s.len))
		return err_set(err, "not UTF-8; save the text as UTF-8");
	switch (f->type) {
	case FIELD_BOOL: return parse_bool(s, out, err);
	case FIELD_INT: return parse_int(f, s, out, err);
	case FIELD_DOUBLE: return parse_double(s, out, err);
	case FIELD_DURATION: return parse_duration(f, s, out, err);
	case FIELD_SIZE: return parse_size(f, s, out, err);
	case FIELD_ENUM: return parse_enum(f, s, out, err);
	case FIELD_REGEX:
		if (s.len) /* an empty pattern would match everything: it means none */
			return regex_compile(a, s, out, err);
		*(const struct regex **)out = NULL;
		return 0;
	default: *(const char **)out = arena_strndup(a, s.s, s.len); return 0;
	}
}

void format_duration(struct buf *out, int64_t ns)
{
	uint64_t rest = (uint64_t)ns;

	if (!rest)
		buf_puts(out, "0s");
	for (size_t i = 0; i < ARRAY_LEN(duration_units); i++) {
		uint64_t n = rest / duration_units[i].factor;

		if (n)
			buf_printf(out, "%llu%s", (unsigned long long)n, duration_units[i].name);
		rest -= n * duration_units[i].factor;
	}
}

void format_size(struct buf *out, uint64_t bytes)
{
	size_t i = 0;

	while (bytes % size_units[i].factor)
		i++;
	if (!bytes)
		i = ARRAY_LEN(size_units) - 1;
	buf_printf(out, "%llu%s", (unsigned long long)(bytes / size_units[i].factor), size_units[i].name);
}
