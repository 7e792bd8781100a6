/* Finds out how bad an entry is, and calls it by one of a few names: trace debug info warn error critical.
 *
 * A value that is there already (`level`, a syslog priority, pino's numbers) is put in these words; else the beginning
 * of the line is looked through. */
#include <ctype.h>
#include <strings.h>

#include "base/num.h"
#include "logs/stage.h"

enum { LOOKED_THROUGH = 256, WORD_MAX = 12 };

struct config {
	const char *source;
};

static const struct field rows[] = {
	F_STRING(struct config, source, "level", "The extracted value that holds the level, and gets it."),
	{0},
};

static const struct {
	const char *word, *level;
} words[] = {
	{"trace", "trace"},      {"debug", "debug"},       {"debug1", "debug"},       {"info", "info"},
	{"information", "info"}, {"notice", "info"},       {"log", "info"},           {"detail", "info"},
	{"hint", "info"},        {"statement", "info"},    {"context", "info"},       {"warn", "warn"},
	{"warning", "warn"},     {"error", "error"},       {"err", "error"},          {"severe", "error"},
	{"fatal", "critical"},   {"critical", "critical"}, {"crit", "critical"},      {"panic", "critical"},
	{"alert", "critical"},   {"emerg", "critical"},    {"emergency", "critical"}, {"traceback", "error"},
};

static const char *level_of_word(struct span word)
{
	char first = word.len ? (char)(*word.s | 0x20) : '\0';

	for (size_t i = 0; word.len <= WORD_MAX && i < ARRAY_LEN(words); i++)
		if (*words[i].word == first && strlen(words[i].word) == word.len &&
		    !strncasecmp(words[i].word, word.s, word.len))
			return words[i].level;
	return NULL;
}

/* 0 to 7 are syslog's, 10 to 60 pino's. */
static const char *level_of_number(struct span text)
{
	static const char *const syslog[] = {"critical", "critical", "critical", "error",
	                                     "warn",     "info",     "info",     "debug"};
	static const char *const pino[] = {"trace", "debug", "info", "warn", "error", "critical"};
	uint64_t n;

	if (!num_parse_u64(text.s, text.len, &n))
		return NULL;
	if (n < ARRAY_LEN(syslog))
		return syslog[n];
	return n >= 10 && n / 10 <= ARRAY_LEN(pino) ? pino[n / 10 - 1] : NULL;
}

static bool all_upper(struct span word)
{
	for (size_t i = 0; i < word.len; i++)
		if (islower((unsigned char)word.s[i]))
			return false;
	return true;
}

/* "no error" is none: what is not all in capitals stands alone at the beginning, in brackets, or as a value. */
static bool marked(struct span text, struct span word)
{
	char before = word.s > text.s ? word.s[-1] : '\n';
	const char *behind = word.s + word.len;
	char after = behind < text.s + text.len ? *behind : '\n';

	if (all_upper(word))
		return true;
	return strchr("[<(=\"", before) || (before == '\n' && (after == ':' || after == ' ')) || after == ':';
}

static const char *find_level(struct span line)
{
	struct span text = {line.s, line.len < LOOKED_THROUGH ? line.len : LOOKED_THROUGH}, word;

	for (size_t at = 0; at < text.len; at += word.len + 1) {
		const char *level;

		word = (struct span){text.s + at, 0};
		while (at + word.len < text.len && isalnum((unsigned char)word.s[word.len]))
			word.len++;
		level = word.len >= 3 ? level_of_word(word) : NULL;
		if (level && marked(text, word))
			return level;
	}
	return NULL;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	struct span name = span_of(c->source);
	const struct span *there = log_pairs_find(&e->extracted, name);
	const char *level = NULL;

	if (there)
		level = level_of_word(*there);
	if (there && !level)
		level = level_of_number(*there);
	if (!level)
		level = find_level(e->line);
	if (level)
		stage_extract(s, e, name, span_of(level));
	else
		stage_fail(s, "no level");
	return STAGE_NEXT;
}

const struct stage_kind stage_level = {
	.settings = {.name = "level",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Finds out the level of an entry: trace, debug, info, warn, error or critical."},
	.run = run,
};
