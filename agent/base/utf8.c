#include "base/utf8.h"

#include <stdint.h>

static bool continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

size_t utf8_len(const char *s, const char *end)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t left = (size_t)(end - s);

	if (u[0] < 0x80)
		return 1;
	if (u[0] < 0xc2 || left < 2 || !continuation(u[1]))
		return 0;
	if (u[0] < 0xe0)
		return 2;
	if (left < 3 || !continuation(u[2]))
		return 0;
	if (u[0] < 0xf0) {
		bool overlong = u[0] == 0xe0 && u[1] < 0xa0;
		bool surrogate = u[0] == 0xed && u[1] >= 0xa0;

		return overlong || surrogate ? 0 : 3;
	}
	if (u[0] > 0xf4 || left < 4 || !continuation(u[3]))
		return 0;
	if ((u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] >= 0x90))
		return 0;
	return 4;
}

bool utf8_valid(const char *s, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = utf8_len(s + at, s + len);
		if (!n)
			return false;
	}
	return true;
}
