#include "logs/logfmt_read.h"

#include "logs/json_read.h"

static bool blank(char c)
{
	return (unsigned char)c <= ' ';
}

static void skip_blanks(struct span *rest)
{
	while (rest->len && blank(*rest->s)) {
		rest->s++;
		rest->len--;
	}
}

static struct span take_until(struct span *rest, bool stop_at_equals)
{
	struct span word = {rest->s, 0};

	while (word.len < rest->len && !blank(rest->s[word.len]) && !(stop_at_equals && rest->s[word.len] == '='))
		word.len++;
	rest->s += word.len;
	rest->len -= word.len;
	return word;
}

bool logfmt_next(struct arena *a, struct span *rest, struct span *key, struct span *value)
{
	for (skip_blanks(rest); rest->len; skip_blanks(rest)) {
		*key = take_until(rest, true);
		*value = (struct span){rest->s, 0};
		if (rest->len && *rest->s == '=') {
			rest->s++;
			rest->len--;
			if (!json_read_string(a, rest, value))
				*value = take_until(rest, false);
		}
		if (key->len && !memchr(key->s, '"', key->len))
			return true;
	}
	return false;
}
