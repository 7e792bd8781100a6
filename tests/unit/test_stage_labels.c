/* Stages that came with Promtail's configurations: cri, static_labels, labeldrop, labelallow, labels as sources, and a
 * time for what has none. */
#include "stage_fixture.h"

static void test_labels(void **state)
{
	struct fixture *x = *state;

	x->source = "file";
	assert_step(x, "stages:\n- static_labels: {team: a, source: b}\n", "l", "l label.source=b label.team=a");
	assert_step(x, "stages:\n- static_labels: {team: a}\n- labeldrop: [source, nothing]\n", "l", "l label.team=a");
	assert_step(x, "stages:\n- static_labels: {a: x, b: y}\n- labelallow: [b]\n", "l", "l label.b=y");
	assert_step(x, "stages:\n- labelallow: []\n", "l", "l");
	assert_refused(x, "stages:\n- static_labels: {0: x}\n", "cannot be a key");
}

static void test_labels_are_sources(void **state)
{
	struct fixture *x = *state;

	x->source = "/var/log/pods/shop_web/c";
	assert_step(x,
	            "stages:\n- regex: {expression: 'pods/(?P<ns>[^_]+)_', source: source}\n- labels: {copy: source}\n",
	            "l", "l label.source=/var/log/pods/shop_web/c label.copy=/var/log/pods/shop_web/c got.ns=shop");
	assert_step(x, "stages:\n- logfmt: {fields: [source]}\n- output: {source: source}\n", "source=own",
	            "own label.source=/var/log/pods/shop_web/c got.source=own");
}

static void test_cri(void **state)
{
	struct fixture *x = *state;

	assert_step(x, "stages:\n- cri:\n", "1970-01-01T00:00:01.5Z stdout F a b",
	            "a b @1500000000 label.stream=stdout");
	assert_step(x, "stages:\n- cri: {}\n", "1970-01-01T00:00:01Z stderr F ", " @1000000000 label.stream=stderr");
	assert_step(x, "stages:\n- cri:\n", "1970-01-01T00:00:01Z stderr F:x y", "y @1000000000 label.stream=stderr");
	assert_step(x, "stages:\n- cri:\n", "no such line", "no such line");
	assert_int_equal(failures(x, "not CRI"), 1);
	assert_step(x, "stages:\n- cri:\n", "1970-01-01T00:00:01Z stdin F x", "1970-01-01T00:00:01Z stdin F x");
}

static void test_cri_pieces(void **state)
{
	struct fixture *x = *state;

	stages(x, "stages:\n- cri:\n");
	push(x, "1970-01-01T00:00:01Z stdout P one ");
	push(x, "1970-01-01T00:00:02Z stderr F other");
	assert_out(x, "35-71 other @2000000000 label.stream=stderr\n");
	assert_int_equal(pipeline_held_from(x->pipeline), 0);
	push(x, "1970-01-01T00:00:03Z stdout F two");
	assert_out(x, "0-105 one two @1000000000 label.stream=stdout\n");
	push(x, "1970-01-01T00:00:04Z stdout P rest");
	x->now_ns += 4 * NS_PER_S;
	pipeline_flush(x->pipeline, x->now_ns, false);
	assert_out(x, "105-140 rest @4000000000 label.stream=stdout\n");
}

static void test_fudged_time(void **state)
{
	struct fixture *x = *state;
	static const char both[] =
		"stages:\n- logfmt: {fields: [t]}\n"
		"- timestamp: {source: t, format: unix, action_on_failure: fudge}\n- labeldrop: [t]\n";

	stages(x, both);
	push(x, "none");
	assert_out(x, "0-5 none\n");
	push(x, "t=5");
	push(x, "t=x");
	push(x, "none");
	assert_out(x, "5-9 t=5 @5000000000 got.t=5\n9-13 t=x @5000000001 got.t=x\n13-18 none @5000000002\n");
	assert_int_equal(failures(x, "no such time"), 1);
	assert_step(x, "stages:\n- timestamp: {source: t, format: unix}\n", "none", "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_labels),     TEST(test_labels_are_sources), TEST(test_cri),
		TEST(test_cri_pieces), TEST(test_fudged_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
