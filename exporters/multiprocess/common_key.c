/* Keys of entries: JSON of one fixed form, as Python's json.dumps writes it, read without any allocation but texts. */
#include <ctype.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/utf8.h"
#include "exporters/multiprocess/common_multiprocess.h"

struct scanner {
	struct arena *arena;
	struct span rest;
	bool unusable;
};

static void skip_space(struct scanner *s)
{
	while (s->rest.len && (*s->rest.s == ' ' || *s->rest.s == '\t' || *s->rest.s == '\n' || *s->rest.s == '\r')) {
		s->rest.s++;
		s->rest.len--;
	}
}

/* Whether the next thing is c, which is taken. */
static bool take(struct scanner *s, char c)
{
	skip_space(s);
	return scan_char(&s->rest, c);
}

static char *put_code(char *out, uint32_t c)
{
	if (c == 0 || (c >= 0xd800 && c < 0xe000)) {
		memcpy(out, UTF8_REPLACEMENT, 3);
		return out + 3;
	}
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* The four digits behind \u. */
static bool take_hex(struct scanner *s, uint32_t *out)
{
	uint32_t value = 0;

	if (s->rest.len < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = num_hex_digit(s->rest.s[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	s->rest.s += 4;
	s->rest.len -= 4;
	*out = value;
	return true;
}

/* Behind \u: one character, or the two halves of one. */
static bool take_unicode(struct scanner *s, char **out)
{
	struct span before;
	uint32_t high, low;

	if (!take_hex(s, &high))
		return false;
	before = s->rest;
	if (high >= 0xd800 && high < 0xdc00 && span_starts(s->rest, "\\u")) {
		s->rest.s += 2;
		s->rest.len -= 2;
		if (!take_hex(s, &low))
			return false;
		if (low >= 0xdc00 && low < 0xe000)
			high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		else
			s->rest = before;
	}
	*out = put_code(*out, high);
	return true;
}

/* Behind a backslash. */
static bool take_escape(struct scanner *s, char **out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	char c;

	if (!s->rest.len)
		return false;
	c = *s->rest.s++;
	s->rest.len--;
	if (c == 'u')
		return take_unicode(s, out);
	at = c ? strchr(from, c) : NULL;
	if (!at)
		return false;
	*(*out)++ = to[at - from];
	return true;
}

/* A string, which takes no more room than its JSON; NULL: it is none. */
static char *take_string(struct scanner *s)
{
	size_t room;
	char *text, *out;

	if (!take(s, '"'))
		return NULL;
	room = s->rest.len + 1;
	text = out = arena_alloc(s->arena, room);
	while (s->rest.len && *s->rest.s != '"') {
		unsigned char c = (unsigned char)*s->rest.s;
		size_t n = c < 0x20 ? 0 : c < 0x80 ? 1 : utf8_len(s->rest.s, s->rest.s + s->rest.len);

		if (!n)
			return NULL;
		if (c != '\\')
			memcpy(out, s->rest.s, n);
		s->rest.s += n;
		s->rest.len -= n;
		if (c != '\\')
			out += n;
		else if (!take_escape(s, &out))
			return NULL;
	}
	if (!scan_char(&s->rest, '"'))
		return NULL;
	*out++ = '\0';
	arena_trim(s->arena, text, room, (size_t)(out - text));
	return text;
}

/* One '_' for each character that a name cannot have, as the client's own text format does. */
static void clean_name(char *name, bool colon)
{
	const char *end = name + strlen(name);
	char *out = name;

	for (const char *p = name; p < end;) {
		unsigned char c = (unsigned char)*p;
		size_t n = c < 0x80 ? 1 : utf8_len(p, end);
		bool good = c < 0x80 && (isalpha(c) || c == '_' || (colon && c == ':') || (p > name && isdigit(c)));

		*out++ = good ? (char)c : '_';
		p += n ? n : 1;
	}
	*out = '\0';
}

static void add_label(struct scanner *s, struct db_key *key, bool rename_target, char *name, const char *value)
{
	clean_name(name, false);
	if (rename_target && !strcmp(name, "target"))
		name = "exported_target";
	for (size_t i = 0; i < key->n_labels; i++)
		if (!strcmp(key->labels[i].name, name))
			s->unusable = true;
	if (!*name || !strncmp(name, "__", 2) || key->n_labels == MULTIPROCESS_MAX_LABELS)
		s->unusable = true;
	else
		key->labels[key->n_labels++] = (struct label){name, value};
}

static bool take_labels(struct scanner *s, struct db_key *key, bool rename_target)
{
	if (!take(s, '{'))
		return false;
	if (take(s, '}'))
		return true;
	do {
		char *name = take_string(s);
		const char *value;

		if (!name || !take(s, ':'))
			return false;
		value = take_string(s);
		if (!value)
			return false;
		add_label(s, key, rename_target, name, value);
	} while (take(s, ','));
	return take(s, '}');
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct label *)a)->name, ((const struct label *)b)->name);
}

static bool take_key(struct scanner *s, struct db_key *key, bool rename_target)
{
	char *metric, *name;

	if (!take(s, '['))
		return false;
	metric = take_string(s);
	if (!metric || !take(s, ','))
		return false;
	name = take_string(s);
	if (!name || !take(s, ',') || !take_labels(s, key, rename_target))
		return false;
	if (take(s, ',') && !(key->help = take_string(s)))
		return false;
	if (!take(s, ']'))
		return false;
	skip_space(s);
	clean_name(metric, true);
	clean_name(name, true);
	key->metric = metric;
	key->name = name;
	return s->rest.len == 0;
}

enum db_key_result db_key_read(struct arena *a, struct span text, bool rename_target, struct db_key *out)
{
	struct scanner s = {.arena = a, .rest = text};
	struct label labels[MULTIPROCESS_MAX_LABELS];
	struct db_key key = {.labels = labels};

	if (!take_key(&s, &key, rename_target))
		return DB_KEY_BROKEN;
	if (s.unusable || !*key.metric)
		return DB_KEY_UNUSABLE;
	if (key.n_labels > 1)
		qsort(labels, key.n_labels, sizeof(labels[0]), by_name);
	key.labels = ARENA_ARRAY(a, struct label, key.n_labels);
	if (key.n_labels)
		memcpy(key.labels, labels, key.n_labels * sizeof(labels[0]));
	*out = key;
	return DB_KEY_OK;
}
