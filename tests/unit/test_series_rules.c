/* What rules do to series, what a cap leaves of them, and that this stays the same from one collection to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "collect/series_rules.h"
#include "config/bind.h"
#include "metric/exposition.h"

struct options {
	struct series_rules rules;
};

static const struct field fields[] = {
	SERIES_RULES_FIELDS(struct options, rules, NULL),
	{0},
};
static const struct metric_desc over_cap = SERIES_RULES_METRIC;

/* The rules, or NULL and what is wrong with them. */
static const struct series_rules *bind_rules(struct arena *a, const char *text, struct buf *fault)
{
	struct options *o = ARENA_NEW(a, struct options);
	struct faults faults;
	int rc;

	faults_init(&faults);
	text = arena_printf(a, "series: %s\n", text);
	rc = bind_text(a, "f.yml", text, strlen(text), fields, o, &faults);
	if (rc < 0)
		buf_puts(fault, faults.text.data);
	faults_fini(&faults);
	return rc < 0 ? NULL : &o->rules;
}

/* Samples of `text` behind the rules, without HELP and TYPE; or "error: ...". */
static char *pass(struct arena *a, const struct series_rules *rules, struct memo *memo, const char *text)
{
	struct series_passage passage;
	struct promtext reader;
	struct sample_set set;
	const struct sample_set *sets[] = {&set};
	struct buf CLEANUP_BUF out = {0};
	struct span rest, line;
	struct err err;
	char *got = arena_strdup(a, "");

	promtext_init(&reader, a, true);
	sample_set_init(&set, a, NULL);
	series_passage_begin(&passage, rules, memo, &reader);
	if (promtext_read(&reader, &set, "text", span_of(text), &err) < 0)
		return arena_printf(a, "error: %s", err.text);
	series_passage_end(&passage, &over_cap, &set);
	assert_int_equal(exposition_write(&out, EXPOSITION_TEXT, a, sets, 1), 0);
	rest = (struct span){out.data, out.len};
	while (scan_line(&rest, &line))
		if (*line.s != '#')
			got = arena_printf(a, "%s%.*s\n", got, (int)line.len, line.s);
	return got;
}

static void test_rules(void **state)
{
	static const struct {
		const char *rules, *text, *samples;
	} cases[] = {
		{"[]", "b 1\na{z=\"1\"} 2\n", "b 1\na{z=\"1\"} 2\n"},
		{"[keep: {name: '^http_'}]", "http_x 1\ngo_y 2\n", "http_x 1\n"},
		{"[drop: {name: '^go_'}]", "http_x 1\ngo_y 2\n", "http_x 1\n"},
		{"[drop: {name: '_bucket$'}]", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 1\nx_bucket 1\n",
	         "h_bucket{le=\"1\"} 1\nh_count 1\n"},
		{"[keep: {label: code, value: '^5'}]", "a{code=\"500\"} 1\na{code=\"200\"} 2\na 3\n",
	         "a{code=\"500\"} 1\n"},
		{"[drop: {label: code, value: '^$'}]", "a{code=\"500\"} 1\na 3\n", "a{code=\"500\"} 1\n"},
		{"[drop: {name: a, label: code, value: '^5'}]", "a{code=\"500\"} 1\nb{code=\"500\"} 2\n",
	         "b{code=\"500\"} 2\n"},
		{"[drop_labels: [pid, x]]", "# TYPE c counter\nc{pid=\"1\"} 1\nc{pid=\"2\",x=\"\"} 2\nc{p=\"2\"} 4\n",
	         "c 3\nc{p=\"2\"} 4\n"},
		{"[set_labels: {b: new, a: first}]", "m{b=\"old\",c=\"3\"} 1\n",
	         "m{a=\"first\",b=\"new\",c=\"3\"} 1\n"},
		{"[rename_labels: {path: route}]", "m{path=\"/\",z=\"1\"} 1\nm{a=\"1\"} 2\n",
	         "m{route=\"/\",z=\"1\"} 1\nm{a=\"1\"} 2\n"},
		{"[replace: {label: path, pattern: '/[0-9]+', with: '/{id}'}]",
	         "# TYPE c counter\nc{path=\"/a/1/b/22\"} 1\nc{path=\"/a/3/b/4\"} 2\nc{path=\"/\"} 3\n",
	         "c{path=\"/a/{id}/b/{id}\"} 3\nc{path=\"/\"} 3\n"},
		{"[replace: {label: path, pattern: 'x*', with: '-'}]", "m{path=\"ab\"} 1\n", "m{path=\"ab\"} 1\n"},
		{"[replace: {label: path, pattern: '^.*$', with: ''}]", "m{path=\"ab\"} 1\n", "m{path=\"\"} 1\n"},
		{"[drop: {name: x}]", "# TYPE c counter\nc 1\nc 2\n",
	         "error: text:3: c has a second sample with the same labels"},
		{"[drop_labels: [pid]]", "# TYPE g gauge\ng{pid=\"1\"} 1\ng{pid=\"2\"} 2\n",
	         "error: text:3: g has two samples with the same labels; rules that change labels leave one that tells "
	         "them apart, or drop the metric"},
	};
	struct arena CLEANUP(arena_fini) a = {0};
	struct buf CLEANUP_BUF fault = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct memo *memo = memo_new();
		const struct series_rules *rules = bind_rules(&a, cases[i].rules, &fault);

		if (!rules)
			fail_msg("%s: %s", cases[i].rules, fault.data);
		assert_string_equal(pass(&a, rules, memo, cases[i].text), cases[i].samples);
		memo_free(memo);
	}
}

static void test_rules_at_fault(void **state)
{
	static const struct {
		const char *rules, *what;
	} cases[] = {
		{"[keep: {}]", "give a name, or a label and its value"},
		{"[drop: {label: a}]", "label and value go together"},
		{"[drop_labels: [le]]", "the label le is what tells series apart"},
		{"[drop_labels: [a-b]]", "a-b: is no name of a label"},
		{"[set_labels: {target: x}]", "the label target is what tells"},
		{"[rename_labels: {a: quantile}]", "the label quantile is"},
		{"[replace: {label: le, pattern: x}]", "the label le is"},
		{"[replace: {label: a}]", "pattern"},
	};
	struct arena CLEANUP(arena_fini) a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf CLEANUP_BUF fault = {0};

		assert_null(bind_rules(&a, cases[i].rules, &fault));
		if (!strstr(fault.data, cases[i].what))
			fail_msg("%s: no \"%s\" in %s", cases[i].rules, cases[i].what, fault.data);
	}
}

static void test_a_cap_keeps_those_that_it_has_kept(void **state)
{
	const struct series_rules rules = {.max_series = 2};
	struct memo *memo = memo_new();
	struct arena CLEANUP(arena_fini) a = {0};

	(void)state;
	assert_string_equal(pass(&a, &rules, memo, "m{i=\"5\"} 1\nm{i=\"6\"} 1\nn 1\n"),
	                    "m{i=\"5\"} 1\nm{i=\"6\"} 1\nn 1\n");
	assert_string_equal(pass(&a, &rules, memo, "m{i=\"4\"} 1\nm{i=\"5\"} 1\nm{i=\"6\"} 1\nn 1\n"),
	                    "m{i=\"4\"} 1\nm{i=\"5\"} 1\nn 1\nvedette_series_over_cap_total{family=\"m\"} 1\n");
	/* newcomers before and after: those kept stay */
	assert_string_equal(pass(&a, &rules, memo, "m{i=\"3\"} 1\nm{i=\"4\"} 2\nm{i=\"5\"} 2\nm{i=\"9\"} 1\n"),
	                    "m{i=\"4\"} 2\nm{i=\"5\"} 2\nvedette_series_over_cap_total{family=\"m\"} 3\n");
	/* one has gone: its place is free in the next collection */
	assert_string_equal(pass(&a, &rules, memo, "m{i=\"3\"} 1\nm{i=\"5\"} 2\n"),
	                    "m{i=\"5\"} 2\nvedette_series_over_cap_total{family=\"m\"} 4\n");
	assert_string_equal(pass(&a, &rules, memo, "m{i=\"3\"} 1\nm{i=\"5\"} 2\n"),
	                    "m{i=\"3\"} 1\nm{i=\"5\"} 2\nvedette_series_over_cap_total{family=\"m\"} 4\n");
	memo_free(memo);
}

static void test_a_histogram_is_kept_or_cut_as_a_whole(void **state)
{
	const struct series_rules rules = {.max_series = 1};
	struct memo *memo = memo_new();
	struct arena CLEANUP(arena_fini) a = {0};

	(void)state;
	assert_string_equal(
		pass(&a, &rules, memo,
	             "# TYPE h histogram\nh_bucket{a=\"1\",le=\"1\"} 1\nh_bucket{a=\"1\",le=\"+Inf\"} 2\n"
	             "h_bucket{a=\"2\",le=\"+Inf\"} 2\nh_sum{a=\"2\"} 2\nh_sum{a=\"1\"} 3\nh_count{a=\"1\"} 2\n"),
		"h_bucket{a=\"1\",le=\"1\"} 1\nh_bucket{a=\"1\",le=\"+Inf\"} 2\nh_sum{a=\"1\"} 3\n"
		"h_count{a=\"1\"} 2\nvedette_series_over_cap_total{family=\"h\"} 2\n");
	memo_free(memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_at_fault),
		cmocka_unit_test(test_a_cap_keeps_those_that_it_has_kept),
		cmocka_unit_test(test_a_histogram_is_kept_or_cut_as_a_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
