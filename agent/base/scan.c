#include "base/scan.h"

#include <ctype.h>

#include "base/num.h"

bool scan_line(struct span *rest, struct span *line)
{
	if (!rest->len)
		return false;
	if (!scan_until(rest, '\n', line)) {
		*line = *rest;
		rest->s += rest->len;
		rest->len = 0;
	}
	return true;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

bool scan_field(struct span *rest, struct span *field)
{
	const char *p = rest->s, *end;

	*field = (struct span){p, 0};
	if (!rest->len) /* perhaps without a text at all */
		return false;
	end = p + rest->len;
	while (p < end && blank(*p))
		p++;
	field->s = p;
	while (p < end && !blank(*p))
		p++;
	field->len = (size_t)(p - field->s);
	rest->s = p;
	rest->len = (size_t)(end - p);
	return field->len > 0;
}

bool scan_u64(struct span *rest, uint64_t *out)
{
	struct span field;

	return scan_field(rest, &field) && num_parse_u64(field.s, field.len, out);
}

bool scan_char(struct span *rest, char c)
{
	if (!rest->len || *rest->s != c)
		return false;
	rest->s++;
	rest->len--;
	return true;
}

bool scan_until(struct span *rest, char c, struct span *before)
{
	const char *at = rest->len ? memchr(rest->s, c, rest->len) : NULL;

	if (!at)
		return false;
	*before = (struct span){rest->s, (size_t)(at - rest->s)};
	rest->len -= before->len + 1;
	rest->s = at + 1;
	return true;
}

struct span span_trim(struct span s)
{
	while (s.len && isspace((unsigned char)s.s[0])) {
		s.s++;
		s.len--;
	}
	while (s.len && isspace((unsigned char)s.s[s.len - 1]))
		s.len--;
	return s;
}

bool span_eq(struct span s, const char *text)
{
	return strlen(text) == s.len && (!s.len || !memcmp(s.s, text, s.len));
}

bool span_starts(struct span s, const char *prefix)
{
	size_t n = strlen(prefix);

	return n <= s.len && (!n || !memcmp(s.s, prefix, n));
}

bool span_copy(struct span s, char *out, size_t size)
{
	if (s.len >= size || memchr(s.s, '\0', s.len))
		return false;
	memcpy(out, s.s, s.len);
	out[s.len] = '\0';
	return true;
}
