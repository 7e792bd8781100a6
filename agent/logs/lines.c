#include "logs/lines.h"

#include "base/utf8.h"

bool lines_ascii(const char *s, size_t len)
{
	uint64_t all = 0, word;

	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&word, s, 8);
		all |= word;
	}
	for (; len; s++, len--)
		all |= (unsigned char)*s;
	return !(all & UINT64_C(0x8080808080808080));
}

struct span line_repair(struct arena *a, struct span line)
{
	const char *end = line.s + line.len;
	char *out = arena_alloc(a, line.len * 3), *to = out;

	for (const char *from = line.s; from < end;) {
		size_t n = utf8_len(from, end);
		const char *good = n ? from : UTF8_REPLACEMENT;
		size_t len = n ? n : strlen(UTF8_REPLACEMENT);

		memcpy(to, good, len);
		to += len;
		from += n ? n : 1;
	}
	return (struct span){out, (size_t)(to - out)};
}

struct span line_cut(struct arena *a, struct span line, size_t max)
{
	size_t mark = strlen(LINE_CUT_MARK), keep = max - mark;
	char *out = arena_alloc(a, max);

	keep = keep < line.len ? keep : line.len;
	/* not in the middle of a character */
	for (int i = 0; i < 3 && keep && keep < line.len && ((unsigned char)line.s[keep] & 0xc0) == 0x80; i++)
		keep--;
	memcpy(out, line.s, keep);
	memcpy(out + keep, LINE_CUT_MARK, mark);
	return (struct span){out, keep + mark};
}

struct span line_trim(struct span line)
{
	while (line.len && !*line.s)
		line = (struct span){line.s + 1, line.len - 1};
	if (line.len && line.s[line.len - 1] == '\r')
		line.len--;
	return line;
}
