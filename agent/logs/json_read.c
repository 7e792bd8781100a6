#include "logs/json_read.h"

#include <assert.h>
#include <ctype.h>

#include "base/num.h"
#include "base/utf8.h"

struct reader {
	struct arena *a;
	const char *p, *end;
	const struct json_want *wants;
	struct json_value *values;
	unsigned depth;
};

/* Which wants may lie in the value at hand: all their steps so far have matched. */
typedef uint64_t want_set;

static bool skip_value(struct reader *r, want_set in, size_t step);

static void skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* The next byte that is special in a string. Eight at a time: a byte of x is zero where (x - 1) borrows. */
static const char *find_special(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;

	for (; end - p >= 8; p += 8) {
		uint64_t v, quote, slash;

		memcpy(&v, p, 8);
		quote = v ^ ones * '"';
		slash = v ^ ones * '\\';
		if ((((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((v - ones * ' ') & ~v)) & tops)
			break;
	}
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= ' ')
		p++;
	return p;
}

static bool skip_escape(struct reader *r)
{
	if (r->end - r->p < 2)
		return false;
	if (r->p[1] != 'u') {
		r->p += 2;
		return strchr("\"\\/bfnrt", r->p[-1]) != NULL && r->p[-1];
	}
	if (r->end - r->p < 6)
		return false;
	for (int i = 2; i < 6; i++)
		if (num_hex_digit(r->p[i]) < 0)
			return false;
	r->p += 6;
	return true;
}

/* Behind the opening quote; *raw is what lies between the quotes. */
static bool skip_string(struct reader *r, struct span *raw, bool *escaped)
{
	const char *begin = r->p;

	*escaped = false;
	for (;;) {
		r->p = find_special(r->p, r->end);
		if (r->p == r->end || (unsigned char)*r->p < ' ')
			return false;
		if (*r->p == '"')
			break;
		*escaped = true;
		if (!skip_escape(r))
			return false;
	}
	*raw = (struct span){begin, (size_t)(r->p - begin)};
	r->p++;
	return true;
}

static unsigned hex4(const char *s)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 4 | (unsigned)num_hex_digit(s[i]);
	return v;
}

static char *put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		*out++ = (char)c;
		return out;
	}
	if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*out++ = (char)(0xe0 | c >> 12);
		} else {
			*out++ = (char)(0xf0 | c >> 18);
			*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (c & 0x3f));
	return out;
}

/* At the \ of a checked \uXXXX; a pair of surrogates is one character, half of one is none. */
static const char *unescape_u(const char *p, const char *end, char **out)
{
	unsigned c = hex4(p + 2), low;

	p += 6;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		low = hex4(p + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			*out = put_utf8(*out, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
			return p + 6;
		}
	}
	*out = put_utf8(*out, !c || (c >= 0xd800 && c < 0xe000) ? 0xfffd : c);
	return p;
}

static struct span unescape(struct arena *a, struct span raw)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p = raw.s, *end = raw.s + raw.len;
	char *begin = arena_alloc(a, raw.len), *out = begin;

	while (p < end) {
		if (*p != '\\') {
			*out++ = *p++;
		} else if (p[1] == 'u') {
			p = unescape_u(p, end, &out);
		} else {
			*out++ = to[strchr(from, p[1]) - from];
			p += 2;
		}
	}
	arena_trim(a, begin, raw.len, (size_t)(out - begin));
	return (struct span){begin, (size_t)(out - begin)};
}

static bool skip_digits(struct reader *r)
{
	const char *begin = r->p;

	while (r->p < r->end && isdigit((unsigned char)*r->p))
		r->p++;
	return r->p > begin;
}

static bool skip_number(struct reader *r)
{
	take(r, '-');
	if (!take(r, '0') && !skip_digits(r))
		return false;
	if (take(r, '.') && !skip_digits(r))
		return false;
	if (!take(r, 'e') && !take(r, 'E'))
		return true;
	if (!take(r, '-'))
		take(r, '+');
	return skip_digits(r);
}

static bool skip_word(struct reader *r, struct span word)
{
	if ((size_t)(r->end - r->p) < word.len || memcmp(r->p, word.s, word.len) != 0)
		return false;
	r->p += word.len;
	return true;
}

static bool skip_array(struct reader *r)
{
	skip_space(r);
	if (take(r, ']'))
		return true;
	do {
		if (!skip_value(r, 0, 0))
			return false;
		skip_space(r);
	} while (take(r, ','));
	return take(r, ']');
}

/* Of the wants in `in`, those whose step is this key; what an earlier key of the same name gave them is forgotten. */
static want_set wants_of_key(struct reader *r, want_set in, size_t step, struct span key)
{
	want_set out = 0;

	for (; in; in &= in - 1) {
		size_t i = (size_t)__builtin_ctzll(in);
		const struct json_want *want = &r->wants[i];

		if (step < want->n && want->steps[step].len == key.len &&
		    !memcmp(want->steps[step].s, key.s, key.len)) {
			out |= UINT64_C(1) << i;
			r->values[i] = (struct json_value){JSON_READ_ABSENT, {NULL, 0}};
		}
	}
	return out;
}

static bool skip_member(struct reader *r, want_set in, size_t step)
{
	struct span key;
	bool escaped;

	skip_space(r);
	if (!take(r, '"') || !skip_string(r, &key, &escaped))
		return false;
	skip_space(r);
	if (!take(r, ':'))
		return false;
	if (in)
		in = wants_of_key(r, in, step, escaped ? unescape(r->a, key) : key);
	return skip_value(r, in, step + 1);
}

static bool skip_object(struct reader *r, want_set in, size_t step)
{
	skip_space(r);
	if (take(r, '}'))
		return true;
	do {
		if (!skip_member(r, in, step))
			return false;
		skip_space(r);
	} while (take(r, ','));
	return take(r, '}');
}

static bool skip_nested(struct reader *r, want_set in, size_t step, bool object)
{
	bool good = r->depth < JSON_MAX_DEPTH;

	r->depth++;
	good = good && (object ? skip_object(r, in, step) : skip_array(r));
	r->depth--;
	return good;
}

/* Those of the wants in `in` that end here get the value. */
static void give(struct reader *r, want_set in, size_t step, struct json_value value)
{
	for (; in; in &= in - 1) {
		size_t i = (size_t)__builtin_ctzll(in);

		if (r->wants[i].n == step)
			r->values[i] = value;
	}
}

static bool skip_value(struct reader *r, want_set in, size_t step)
{
	struct json_value value = {JSON_READ_RAW, {NULL, 0}};
	bool escaped = false, good;

	skip_space(r);
	if (r->p == r->end)
		return false;
	value.text.s = r->p;
	switch (*r->p) {
	case '"':
		r->p++;
		value.kind = JSON_READ_STRING;
		if (!skip_string(r, &value.text, &escaped))
			return false;
		if (in && escaped)
			value.text = unescape(r->a, value.text);
		give(r, in, step, value);
		return true;
	case '{':
	case '[':
		r->p++;
		good = skip_nested(r, in, step, r->p[-1] == '{');
		break;
	case 't': good = skip_word(r, SPAN("true")); break;
	case 'f': good = skip_word(r, SPAN("false")); break;
	case 'n':
		good = skip_word(r, SPAN("null"));
		value.kind = JSON_READ_NULL;
		break;
	default: good = skip_number(r); break;
	}
	value.text.len = (size_t)(r->p - value.text.s);
	if (good)
		give(r, in, step, value);
	return good;
}

bool json_want_parse(struct span path, struct json_want *out)
{
	struct span rest = path;

	for (out->n = 0; out->n < JSON_MAX_STEPS; out->n++) {
		bool last = !scan_until(&rest, '.', &out->steps[out->n]);

		if (last)
			out->steps[out->n] = rest;
		if (!out->steps[out->n].len)
			return false;
		if (last) {
			out->n++;
			return true;
		}
	}
	return false;
}

bool json_read(struct arena *a, struct span text, const struct json_want *wants, size_t n, struct json_value *out)
{
	struct reader r = {.a = a, .p = text.s, .end = text.s + text.len, .wants = wants, .values = out};
	want_set all = n == JSON_MAX_WANTS ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;

	assert(n <= JSON_MAX_WANTS);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct json_value){JSON_READ_ABSENT, {NULL, 0}};
	skip_space(&r);
	if (!take(&r, '{') || !skip_nested(&r, all, 0, true))
		return false;
	skip_space(&r);
	return r.p == r.end;
}

bool json_read_string(struct arena *a, struct span *rest, struct span *out)
{
	struct reader r = {.a = a, .p = rest->s, .end = rest->s + rest->len};
	struct span raw;
	bool escaped;

	if (!rest->len || !take(&r, '"') || !skip_string(&r, &raw, &escaped))
		return false;
	*out = escaped ? unescape(a, raw) : raw;
	*rest = (struct span){r.p, (size_t)(r.end - r.p)};
	return true;
}
