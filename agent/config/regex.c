#define PCRE2_CODE_UNIT_WIDTH 8

#include "config/regex.h"

#include <assert.h>
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

/* However malicious pattern and subject are together: 1 MiB, and TIME_LIMIT of CPU time. PCRE2 begins to count its
 * steps anew at each place where a match could begin, and counts a run of characters as one: that is no limit for long
 * subjects. So it calls us before each item of the pattern, and we look at the clock now and then. */
enum { MATCH_LIMIT = 100000, HEAP_LIMIT_KIB = 1024, LOOK_EVERY = 64 };
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { SLOWDOWN = 20 }; /* of all that is looked at */
#else
enum { SLOWDOWN = 1 };
#endif
#define TIME_LIMIT    (20 * NS_PER_MS * SLOWDOWN)
#define TIME_PER_BYTE (1000 * SLOWDOWN) /* more, for what was passed already: there may be as many matches as bytes */

enum { OPTIONS = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT };

struct regex {
	pcre2_code *code; /* for any bytes: reads all of the subject in each call, to see which of it is UTF-8 */
	pcre2_code *code_of_valid; /* for what is UTF-8; searches that go on and on would be quadratic with the other */
	const char *pattern;
	size_t groups;
	const char *names[REGEX_MAX_GROUPS];
};

/* Kept for each thread: a new one for each match would cost more than the match. */
struct matcher {
	pcre2_match_data *data;
	pcre2_match_context *limits;
	unsigned items;     /* of the pattern that were tried in this match */
	int64_t started_ns; /* about when the match began, CPU time */
	int64_t allowed_ns;
};

static pthread_key_t matcher_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void matcher_free(void *arg)
{
	struct matcher *m = arg;

	pcre2_match_data_free(m->data);
	pcre2_match_context_free(m->limits);
	free(m);
}

static void prepare(void)
{
	int refused = pthread_key_create(&matcher_key, matcher_free);

	assert(!refused);
}

/* Most matches end before the first look at the clock. */
static int on_item(pcre2_callout_block *block, void *arg)
{
	struct matcher *m = arg;
	int64_t now;

	(void)block;
	if (++m->items % LOOK_EVERY)
		return 0;
	now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (m->items == LOOK_EVERY)
		m->started_ns = now;
	return now - m->started_ns > m->allowed_ns ? PCRE2_ERROR_CALLOUT : 0;
}

static struct matcher *matcher(void)
{
	struct matcher *m;

	pthread_once(&once, prepare);
	m = pthread_getspecific(matcher_key);
	if (m)
		return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		abort();
	m->data = pcre2_match_data_create(REGEX_MAX_GROUPS, NULL);
	m->limits = pcre2_match_context_create(NULL);
	assert(m->data && m->limits);
	pcre2_set_match_limit(m->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(m->limits, HEAP_LIMIT_KIB);
	pcre2_set_callout(m->limits, on_item, m);
	pthread_setspecific(matcher_key, m);
	return m;
}

static int match(const pcre2_code *code, struct span subject, size_t from, uint32_t options)
{
	struct matcher *m = matcher();

	if (!from) /* or else the time goes on: one subject may be searched again behind each match */
		m->items = 0;
	m->allowed_ns = TIME_LIMIT + (int64_t)from * TIME_PER_BYTE;
	return pcre2_match(code, (PCRE2_SPTR)subject.s, subject.len, from, options, m->data, m->limits);
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
	return re && match(re->code, (struct span){subject, len}, 0, 0) >= 0;
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
	const PCRE2_SIZE *at;
	int n = match(from ? re->code_of_valid : re->code, subject, from, from ? PCRE2_NO_UTF_CHECK : 0);

	if (n < 0)
		return n == PCRE2_ERROR_NOMATCH ? REGEX_NO_MATCH : REGEX_LIMIT;
	at = pcre2_get_ovector_pointer(matcher()->data);
	for (size_t i = 0; i < REGEX_MAX_GROUPS; i++) {
		bool took_part = i < (size_t)(n ? n : REGEX_MAX_GROUPS) && at[2 * i] != PCRE2_UNSET;

		groups[i] = took_part ? (struct span){subject.s + at[2 * i], at[2 * i + 1] - at[2 * i]}
		                      : (struct span){NULL, 0};
	}
	return REGEX_MATCH;
}
