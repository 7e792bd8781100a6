#include "logs/redact.h"

#include <ctype.h>
#include <strings.h>

#include "base/attr.h"

enum { CUTS_MAX = 256, URL_MAX = 2048, TOKEN_MIN = 8, MAIL_MAX = 254 };

static const char instead[] = "<redacted>";

struct cut {
	size_t begin, end;
};

struct search {
	const char *s;
	size_t len;
	unsigned kinds;
	struct cut cuts[CUTS_MAX];
	size_t n;
};

/* Names whose value is a secret; what stands before and behind is looked at too. */
static const char *const keys[] = {"password",  "passwd",  "passphrase", "pwd",        "secret", "secret_key",
                                   "secretkey", "api_key", "apikey",     "access_key", "token",  "private_key"};

static char at(const struct search *x, size_t i)
{
	return i < x->len ? x->s[i] : '\0';
}

static bool word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Of base64, its other alphabet, and what tokens are else made of. */
static bool token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._~+/=", c));
}

static bool mail_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("._%+-", c));
}

static bool ends_value(char c)
{
	return (unsigned char)c <= ' ' || strchr(",;&\"'`)}]<>", c);
}

/* Returns where the search goes on. */
static size_t cut(struct search *x, size_t begin, size_t end)
{
	if (x->n && begin < x->cuts[x->n - 1].end)
		begin = x->cuts[x->n - 1].end;
	if (begin >= end)
		return end;
	if (x->n == CUTS_MAX) { /* as if all the rest were one */
		x->cuts[x->n - 1].end = x->len;
		return x->len;
	}
	x->cuts[x->n++] = (struct cut){begin, end};
	return end;
}

static bool matches(const struct search *x, size_t i, const char *text)
{
	size_t n = strlen(text);

	return n <= x->len - i && !strncasecmp(x->s + i, text, n);
}

/* A quote, perhaps escaped as in JSON inside of JSON: how many bytes it has. */
static size_t quote_len(const struct search *x, size_t i)
{
	size_t slashes = 0;

	while (at(x, i + slashes) == '\\' && slashes < 4)
		slashes++;
	return at(x, i + slashes) == '"' || at(x, i + slashes) == '\'' ? slashes + 1 : 0;
}

/* Behind the opening quote of n bytes: where the same one closes, or the end. */
static size_t quoted_end(const struct search *x, size_t i, size_t n)
{
	const char *quote = x->s + i - n;

	while (i < x->len) {
		if (n <= x->len - i && !memcmp(x->s + i, quote, n))
			return i;
		i += at(x, i) == '\\' && n == 1 ? 2 : 1;
	}
	return x->len;
}

static size_t skip_blanks(const struct search *x, size_t i)
{
	while (at(x, i) == ' ' || at(x, i) == '\t')
		i++;
	return i;
}

/* Behind the name: ["] [=:] ["] value, or the value in quotes as in SQL. */
static size_t cut_value(struct search *x, size_t i)
{
	size_t next = skip_blanks(x, i + quote_len(x, i)), quote, end;
	bool assigned = at(x, next) == '=' || at(x, next) == ':';

	if (assigned)
		next = skip_blanks(x, next + 1 + (at(x, next + 1) == '='));
	quote = quote_len(x, next);
	if (!assigned && (!quote || quote_len(x, i)))
		return i;
	next += quote;
	end = next;
	if (quote)
		end = quoted_end(x, next, quote);
	else
		while (end < x->len && !ends_value(x->s[end]))
			end++;
	return end > next ? cut(x, next, end) : i;
}

/* No name begins otherwise: most letters of a line need no more. */
static bool may_be_key(const struct search *x, size_t i)
{
	char second = (char)(at(x, i + 1) | 0x20);

	switch (x->s[i] | 0x20) {
	case 'p': return second == 'a' || second == 'w' || second == 'r';
	case 's': return second == 'e';
	case 't': return second == 'o';
	default: return second == 'p' || second == 'c';
	}
}

static size_t find_password(struct search *x, size_t i)
{
	size_t longest = 0;

	if (!may_be_key(x, i))
		return i + 1;
	for (size_t k = 0; k < ARRAY_LEN(keys); k++)
		if (matches(x, i, keys[k]) && strlen(keys[k]) > longest)
			longest = strlen(keys[k]);
	if (!longest || word(at(x, i + longest)))
		return i + 1;
	longest = cut_value(x, i + longest) - i;
	return i + longest;
}

static size_t find_bearer(struct search *x, size_t i)
{
	size_t begin = i + 6, end;

	if (matches(x, i, "basic"))
		begin = i + 5;
	else if (!matches(x, i, "bearer"))
		return i + 1;
	if ((i && word(x->s[i - 1])) || at(x, begin) != ' ')
		return i + 1;
	begin = end = skip_blanks(x, begin);
	while (token_char(at(x, end)))
		end++;
	return end - begin >= TOKEN_MIN ? cut(x, begin, end) : i + 1;
}

/* Three runs of base64 with a dot between two; the first is a JSON object and so begins with eyJ. */
static size_t find_jwt(struct search *x, size_t i)
{
	size_t end = i, dots = 0;

	if (at(x, i + 1) != 'y' || at(x, i + 2) != 'J' || (i && word(x->s[i - 1])))
		return i + 1;
	for (; isalnum((unsigned char)at(x, end)) || (at(x, end) && strchr("-_.", at(x, end))); end++)
		dots += x->s[end] == '.';
	return dots >= 2 && end - i >= 20 ? cut(x, i, end) : end;
}

/* At the : of ://. A user and a password end at the last @ before the host's end. */
static size_t find_dsn(struct search *x, size_t i)
{
	size_t end = i + 3, colon = 0, last = 0, slash = 0;

	if (at(x, i + 1) != '/' || at(x, i + 2) != '/' || !i || !word(x->s[i - 1]))
		return i + 1;
	for (; end < x->len && end - i < URL_MAX && (unsigned char)x->s[end] > ' ' && !strchr("\"'`<>", x->s[end]);
	     end++) {
		char c = x->s[end];

		if (c == ':' && !colon && !slash)
			colon = end;
		if (!slash && (c == '/' || c == '?' || c == '#')) {
			bool port = colon != 0;

			for (size_t k = colon + 1; k < end; k++)
				port = port && isdigit((unsigned char)x->s[k]);
			if (last || port || !colon)
				break;
			slash = end; /* of a password that nobody has escaped, if an @ follows */
		}
		if (c == '@' && (!slash || !last))
			last = end;
	}
	return colon && last > colon + 1 ? cut(x, colon + 1, last) : i + 3;
}

static size_t find_email(struct search *x, size_t i)
{
	size_t begin = i, end = i + 1, dot = 0;

	while (begin && i - begin < MAIL_MAX && mail_char(x->s[begin - 1]))
		begin--;
	for (; end - i < MAIL_MAX && (isalnum((unsigned char)at(x, end)) || at(x, end) == '-' || at(x, end) == '.');
	     end++)
		if (at(x, end) == '.' && isalpha((unsigned char)at(x, end + 1)))
			dot = end;
	while (end > i + 1 && !isalnum((unsigned char)x->s[end - 1]))
		end--;
	return begin < i && dot > i + 1 && end - dot > 2 ? cut(x, begin, end) : i + 1;
}

typedef size_t finder(struct search *x, size_t i);

/* With which byte a secret of each kind announces itself. */
static const unsigned char announced[256] = {
	['p'] = 1 << REDACT_PASSWORD, ['P'] = 1 << REDACT_PASSWORD, ['s'] = 1 << REDACT_PASSWORD,
	['S'] = 1 << REDACT_PASSWORD, ['t'] = 1 << REDACT_PASSWORD, ['T'] = 1 << REDACT_PASSWORD,
	['a'] = 1 << REDACT_PASSWORD, ['A'] = 1 << REDACT_PASSWORD, ['b'] = 1 << REDACT_BEARER,
	['B'] = 1 << REDACT_BEARER,   ['e'] = 1 << REDACT_JWT,      [':'] = 1 << REDACT_DSN,
	['@'] = 1 << REDACT_EMAIL,
};

static size_t look(struct search *x, size_t i, unsigned kind)
{
	static finder *const all[] = {
		[REDACT_PASSWORD] = find_password, [REDACT_BEARER] = find_bearer, [REDACT_JWT] = find_jwt,
		[REDACT_DSN] = find_dsn,           [REDACT_EMAIL] = find_email,
	};

	return all[__builtin_ctz(kind)](x, i);
}

static struct span without(struct arena *a, const struct search *x)
{
	size_t size = x->len + x->n * sizeof(instead), done = 0;
	char *text = arena_alloc(a, size), *p = text;

	for (size_t i = 0; i < x->n; i++) {
		p = mempcpy(p, x->s + done, x->cuts[i].begin - done);
		p = mempcpy(p, instead, sizeof(instead) - 1);
		done = x->cuts[i].end;
	}
	p = mempcpy(p, x->s + done, x->len - done);
	arena_trim(a, text, size, (size_t)(p - text));
	return (struct span){text, (size_t)(p - text)};
}

struct span redact(struct arena *a, struct span text, unsigned kinds)
{
	struct search x;

	x.s = text.s;
	x.len = text.len;
	x.kinds = kinds;
	x.n = 0;
	for (size_t i = 0; i < x.len;) {
		unsigned kind = announced[(unsigned char)x.s[i]] & kinds;

		i = kind ? look(&x, i, kind) : i + 1;
	}
	return x.n ? without(a, &x) : text;
}
