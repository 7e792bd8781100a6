#define PCRE2_CODE_UNIT_WIDTH 8

#include "config/regex.h"

#include <assert.h>
#include <pcre2.h>
#include <pthread.h>

/* A few milliseconds and 1 MiB at most, however malicious pattern and subject are together. */
enum { MATCH_LIMIT = 100000, HEAP_LIMIT_KIB = 1024 };

enum { OPTIONS = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C };

struct regex {
	pcre2_code *code; /* for any bytes: reads all of the subject in each call, to see which of it is UTF-8 */
	pcre2_code *code_of_valid; /* for what is UTF-8; searches that go on and on would be quadratic with the other */
	const char *pattern;
	size_t groups;
	const char *names[REGEX_MAX_GROUPS];
};

static pcre2_match_context *limits;
static pthread_key_t match_data_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_match_data(void *data)
{
	pcre2_match_data_free(data);
}

static void prepare(void)
{
	int refused = pthread_key_create(&match_data_key, free_match_data);

	limits = pcre2_match_context_create(NULL);
	assert(!refused && limits);
	pcre2_set_match_limit(limits, MATCH_LIMIT);
	pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
}

/* Kept for each thread: a new one for each match would cost more than the match. */
static pcre2_match_data *match_data(void)
{
	pcre2_match_data *data;

	pthread_once(&once, prepare);
	data = pthread_getspecific(match_data_key);
	if (data)
		return data;
	data = pcre2_match_data_create(REGEX_MAX_GROUPS, NULL);
	assert(data);
	pthread_setspecific(match_data_key, data);
	return data;
}

static void *take(PCRE2_SIZE size, void *arena)
{
	return arena_alloc(arena, size);
}

static void leave(void *p, void *arena)
{
	(void)p;
	(void)arena; /* ends with it */
}

/* PCRE2's table of names: rows of one size, two bytes with the group's number before each name. */
static void learn_names(struct regex *re)
{
	uint32_t captures = 0, names = 0, size = 0;
	PCRE2_SPTR row = NULL;

	pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &captures);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMECOUNT, &names);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(re->code, PCRE2_INFO_NAMETABLE, &row);
	re->groups = captures + 1;
	for (; names; names--, row += size) {
		size_t group = (size_t)row[0] << 8 | row[1];

		if (group < REGEX_MAX_GROUPS)
			re->names[group] = (const char *)row + 2;
	}
}

int regex_compile(struct arena *a, struct span pattern, const struct regex **out, struct err *err)
{
	pcre2_general_context *memory = pcre2_general_context_create(take, leave, a);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	struct regex *re = ARENA_NEW(a, struct regex);
	PCRE2_UCHAR why[160];
	PCRE2_SIZE offset;
	int code;

	pcre2_set_max_pattern_length(context, REGEX_MAX_PATTERN);
	re->pattern = arena_strndup(a, pattern.s, pattern.len);
	re->code = pcre2_compile((PCRE2_SPTR)pattern.s, pattern.len, OPTIONS | PCRE2_MATCH_INVALID_UTF, &code, &offset,
	                         context);
	re->code_of_valid = pcre2_compile((PCRE2_SPTR)pattern.s, pattern.len, OPTIONS, &code, &offset, context);
	if (!re->code || !re->code_of_valid) {
		pcre2_get_error_message(code, why, sizeof(why));
		return err_set(err, "no regular expression: %s at offset %zu; mend the pattern", (char *)why, offset);
	}
	learn_names(re);
	*out = re;
	return 0;
}

const char *regex_pattern(const struct regex *re)
{
	return re->pattern;
}

bool regex_match(const struct regex *re, const char *subject, size_t len)
{
	pcre2_match_data *data = match_data(); /* prepares the limits too */

	return re && pcre2_match(re->code, (PCRE2_SPTR)subject, len, 0, 0, data, limits) >= 0;
}

size_t regex_groups(const struct regex *re)
{
	return re->groups;
}

const char *regex_group_name(const struct regex *re, size_t group)
{
	return group < REGEX_MAX_GROUPS ? re->names[group] : NULL;
}

enum regex_result regex_find(const struct regex *re, struct span subject, size_t from, struct span *groups)
{
	pcre2_match_data *data = match_data();
	const PCRE2_SIZE *at;
	int n = pcre2_match(from ? re->code_of_valid : re->code, (PCRE2_SPTR)subject.s, subject.len, from,
	                    from ? PCRE2_NO_UTF_CHECK : 0, data, limits);

	if (n < 0)
		return n == PCRE2_ERROR_NOMATCH ? REGEX_NO_MATCH : REGEX_LIMIT;
	at = pcre2_get_ovector_pointer(data);
	for (size_t i = 0; i < REGEX_MAX_GROUPS; i++) {
		bool took_part = i < (size_t)(n ? n : REGEX_MAX_GROUPS) && at[2 * i] != PCRE2_UNSET;

		groups[i] = took_part ? (struct span){subject.s + at[2 * i], at[2 * i + 1] - at[2 * i]}
		                      : (struct span){NULL, 0};
	}
	return REGEX_MATCH;
}
