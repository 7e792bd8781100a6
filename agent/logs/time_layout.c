#include "logs/time_layout.h"

#include <ctype.h>
#include <string.h>

/* The longer ones first. Seconds take a fraction along, whether it is written down or not. */
static const struct {
	const char *piece, *directive; /* NULL: there is none */
} pieces[] = {
	{"January", "%b"}, {"Jan", "%b"},       {"Monday", "%a"},  {"Mon", "%a"},    {"MST", "%Z"},
	{"2006", "%Y"},    {"__2", NULL},       {"_2", "%e"},      {"002", NULL},    {"01", "%m"},
	{"02", "%d"},      {"03", "%I"},        {"04", "%M"},      {"05", "%S%."},   {"06", "%y"},
	{"15", "%H"},      {"Z07:00:00", "%z"}, {"Z070000", "%z"}, {"Z07:00", "%z"}, {"Z0700", "%z"},
	{"Z07", "%z"},     {"-07:00:00", "%z"}, {"-070000", "%z"}, {"-07:00", "%z"}, {"-0700", "%z"},
	{"-07", "%z"},     {"PM", "%p"},        {"pm", "%p"},      {"1", "%m"},      {"2", "%d"},
	{"3", "%I"},       {"4", "%M"},         {"5", "%S%."},
};

/* "Month" and "Janet" are words. */
static bool is_piece(const char *at, const char *piece)
{
	size_t n = strlen(piece);

	if (strncmp(at, piece, n) != 0)
		return false;
	if (!strcmp(piece, "_2") && !strncmp(at, "_2006", 5))
		return false;
	return n != 3 || !isalpha((unsigned char)*piece) || !strcmp(piece, "MST") || !islower((unsigned char)at[n]);
}

static size_t find_piece(const char *at)
{
	size_t i = 0;

	while (i < ARRAY_LEN(pieces) && !is_piece(at, pieces[i].piece))
		i++;
	return i;
}

/* .000, .999 and the same with a comma; 0 where it is no fraction. */
static size_t fraction_len(const char *at)
{
	size_t n = 1;

	if ((*at != '.' && *at != ',') || (at[1] != '0' && at[1] != '9'))
		return 0;
	while (at[n] == at[1])
		n++;
	return isdigit((unsigned char)at[n]) ? 0 : n;
}

bool time_layout_is(const char *layout)
{
	if (strchr(layout, '%'))
		return false;
	for (; *layout; layout++)
		if (find_piece(layout) < ARRAY_LEN(pieces))
			return true;
	return false;
}

const char *time_layout_spell_out(struct arena *a, const char *layout)
{
	char *text = arena_alloc(a, strlen(layout) * 4 + 1), *p = text;
	bool seconds = false; /* a fraction is already taken along */

	while (*layout) {
		size_t i = find_piece(layout), fraction = fraction_len(layout);

		if (fraction) {
			p = stpcpy(p, seconds ? "" : "%.");
			layout += fraction;
		} else if (i < ARRAY_LEN(pieces)) {
			if (!pieces[i].directive)
				return NULL;
			p = stpcpy(p, pieces[i].directive);
			layout += strlen(pieces[i].piece);
		} else {
			*p++ = *layout++;
		}
		seconds = i < ARRAY_LEN(pieces) && !fraction && strstr(pieces[i].piece, "5") &&
		          pieces[i].directive[1] == 'S';
	}
	*p = '\0';
	return text;
}
