#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/env_file.h"
#include "config/env_rules.h"

struct fixture {
	struct arena arena;
	struct faults faults;
	struct env_file env;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	faults_fini(&x->faults);
	arena_fini(&x->arena);
	free(x);
	return 0;
}

static int parse(struct fixture *x, const char *text)
{
	faults_fini(&x->faults);
	faults_init(&x->faults);
	return env_file_parse(&x->arena, "f.env", text, strlen(text), &x->env, &x->faults);
}

static const char *value(struct fixture *x, const char *name)
{
	for (size_t i = 0; i < x->env.n; i++)
		if (!strcmp(x->env.pairs[i].name, name))
			return x->env.pairs[i].value;
	return NULL;
}

static void assert_value(struct fixture *x, const char *text, const char *expected)
{
	if (parse(x, text) < 0)
		fail_msg("%s: %s", text, x->faults.text.data);
	assert_non_null(value(x, "A"));
	if (strcmp(value(x, "A"), expected) != 0)
		fail_msg("%s gives %s, not %s", text, value(x, "A"), expected);
}

static void assert_fault(struct fixture *x, const char *text, const char *fragment)
{
	assert_int_equal(parse(x, text), -1);
	if (!strstr(x->faults.text.data, fragment))
		fail_msg("%s: no \"%s\" in: %s", text, fragment, x->faults.text.data);
}

static const char *no_variable(const struct env_lookup *self, struct span name)
{
	(void)self;
	(void)name;
	return NULL;
}

/* What each program was seen (systemd: is documented) to read. */
static void test_five_programs(void **state)
{
	static const struct {
		const char *raw, *read[ENV_READERS];
	} rows[] = {
		{"foo#bar", {"foo#bar", "foo", "foo#bar", "foo#bar", "foo#bar"}},
		{"foo #bar", {"foo", "foo", "foo", "foo", "foo #bar"}},
		{"#bar", {"#bar", "", "#bar", "#bar", "#bar"}},
		{"\"foo #bar\"", {"foo #bar", "foo #bar", "foo #bar", "foo #bar", "foo #bar"}},
		{"'foo $x #bar'", {"foo $x #bar", "foo $x #bar", "foo $x #bar", "foo $x #bar", "foo $x #bar"}},
		{"a$b#c", {"a#c", "a$b", "a#c", "a$b#c", "a$b#c"}},
		{"$2a$14$abcdefghijk", {"$2a$14", "a$abcdefghijk", "a4", "$2a$14$abcdefghijk", "$2a$14$abcdefghijk"}},
		{"foo\t#tab", {"foo\t#tab", "foo", "foo", "foo", "foo\t#tab"}},
		{"pa\\#ss", {"pa\\#ss", "pa\\", "pa#ss", "pa\\#ss", "pa#ss"}},
		/* not tried, but documented: */
		{"", {"", "", "", "", ""}},
		{"foo bar", {"foo bar", "foo bar", NULL, "foo bar", "foo bar"}},
		{"a;b", {"a;b", "a;b", NULL, "a;b", "a;b"}},
		{"`id`", {"`id`", "`id`", NULL, "`id`", "`id`"}},
		{"'${x}'", {"${x}", "${x}", "${x}", "", "${x}"}},
		{"a\\\\b", {"a\\\\b", "a\\\\b", "a\\b", "a\\\\b", "a\\b"}},
		{"it's", {"it's", "it's", NULL, "it's", "it's"}},
		{"\"a\\nb\"", {"a\nb", "a\nb", "a\\nb", "a\nb", "a\\nb"}},
		{"\"a\" # note", {"a", "a", "a", "a", "a# note"}},
	};
	const struct env_lookup vars = {no_variable, NULL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct env_statement s = {.raw = span_of(rows[i].raw)};

		for (enum env_reader r = 0; r < ENV_READERS; r++) {
			struct buf CLEANUP_BUF out = {0};
			bool ok = env_read(r, &s, &vars, &out);
			const char *got = !ok ? "(refused)" : out.data ? out.data : "";
			const char *want = rows[i].read[r] ? rows[i].read[r] : "(refused)";

			if (strcmp(got, want) != 0)
				fail_msg("%s: %s reads \"%s\", not \"%s\"", rows[i].raw, env_reader_name(r), got, want);
		}
	}
}

static void test_compose_values(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"A=b", "b"},
		{"A=b\n", "b"},
		{"A = b \n", "b"},
		{"A: b\n", "b"},
		{"export A=b\n", "b"},
		{"export\tA=b", "b"},
		{"# note\n\n  A=b # note\nB=c", "b"},
		{"A=", ""},
		{"A=\nB=c", ""},
		{"A= # note", "# note"},
		{"A=#x!", "#x!"},
		{"A='b # c' # note\n", "b # c"},
		{"A='it\\'s'", "it's"},
		{"A='a\\nb'", "a\\nb"},
		{"A=\"a\\nb\\t\\\"q\\\" \\\\ \\x\"", "a\nb\t\"q\" \\ \\x"},
		{"A=\"\\0101\\$B $$C\"", "A$B $C"},
		{"A='first\nsecond\n'\nB=c", "first\nsecond\n"},
		{"A=\"first\nsecond\"", "first\nsecond"},
		{"A=b\r\nB=c\r\n", "b"},
		{"\xef\xbb\xbf"
	         "A=b",
	         "b"},
		{"B=x\nA=$B-${B}-${B:-d}-${B-d}-${B:+p}-${B+p}-${B:?e}", "x-x-x-x-p-p-x"},
		{"B=\nA=$B-${B}-${B:-d}-${B-d}-${B:+p}-${B+p}-${B?e}", "--d---p-"},
		{"A=$NO_SUCH-${NO_SUCH:-d}-${NO_SUCH-d}-${NO_SUCH:+p}-${NO_SUCH+p}", "-d-d--"},
		{"A=${NO_SUCH:-${NOR_THAT:-deep}}", "deep"},
		{"A=\"${NO_SUCH:-a b}\"", "a b"},
		{"A='${NO_SUCH:-a}'", "${NO_SUCH:-a}"},
		{"A=1$ $2 $", "1$ $2 $"},
		{"A=one\nA=two", "two"},
		{"a.b-c[0]=x\nA=y", "y"},
		{"A=\"x\" B=\"y\"", "x"},
		{"A=\xc3\xa4 # umlaut", "\xc3\xa4"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_value(*state, rows[i].text, rows[i].value);
}

static void test_a_name_alone_is_inherited(void **state)
{
	struct fixture *x = *state;

	setenv("VEDETTE_TEST_A", "from outside", 1);
	assert_int_equal(parse(x, "VEDETTE_TEST_A\nVEDETTE_TEST_NONE\nB=${VEDETTE_TEST_A}"), 0);
	assert_string_equal(value(x, "VEDETTE_TEST_A"), "from outside");
	assert_null(value(x, "VEDETTE_TEST_NONE"));
	assert_string_equal(value(x, "B"), "from outside");
	unsetenv("VEDETTE_TEST_A");
}

static void test_values_are_not_replaced_twice(void **state)
{
	assert_value(*state, "B='$C ${C}'\nC=no\nA=$B", "$C ${C}");
}

static void test_order_and_lines(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(parse(x, "A='1\n2'\n\nB=2\nC=3"), 0);
	assert_int_equal(x->env.n, 3);
	assert_string_equal(x->env.pairs[1].name, "B");
	assert_int_equal(x->env.pairs[1].line, 4);
	assert_int_equal(x->env.pairs[2].line, 5);
}

static void test_faults(void **state)
{
	assert_fault(*state, "A=b\nB='never\nclosed", "f.env:2:1: B: the quote is never closed; close it");
	assert_fault(*state, "two words\n", "f.env:1:1: no variable; write NAME=value");
	assert_fault(*state, "=x\n", "f.env:1:1: no variable");
	assert_fault(*state, "A=${NO_SUCH:?}\n",
	             "f.env:1:1: A: it needs the variable NO_SUCH, which is not set; set it");
	assert_fault(*state, "A=${\n", "f.env:1:1: A: ${ begins no variable");
	assert_fault(*state, "A=${1}\n", "write ${NAME}, or put the value in single quotes");
	assert_fault(*state, "A=${B!}\n", "f.env:1:1: A: ${ begins no variable");
	assert_fault(*state, "A=${B:-${B:-${B:-${B:-${B:-${B:-${B:-${B:-${B:-x}}}}}}}}}\n", "nested too deep");
	assert_fault(*state, "hunter two\nA='x", "f.env:2:1: A: the quote");
}

static void test_faults_hold_no_values(void **state)
{
	static const char *const texts[] = {"hunter2 is secret\n", "A='hunter2\n",  "A=\"hunter2\nB=hunter2\n",
	                                    "A=hunter2${\n",       "A=${1hunter2}", "\thunter2/x\n"};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(parse(x, texts[i]), -1);
		assert_null(strstr(x->faults.text.data, "hunter2"));
	}
}

static void test_warnings(void **state)
{
	static const struct {
		const char *text, *warning; /* NULL: none */
	} rows[] = {
		{"X=1\nDB_PASSWORD=#geheim!",
	         "f.env:2: DB_PASSWORD: programs disagree about this value: Compose 2.3-2.6 reads nothing; Compose, "
	         "bash, python-dotenv, systemd read it as written; put the value in single quotes"},
		{"A=foo#bar", "Compose 2.3-2.6 reads only its beginning"},
		{"A=foo #bar",
	         "Compose, Compose 2.3-2.6, bash, python-dotenv read only its beginning; systemd reads it as "
	         "written"},
		{"A=a$b#c", "put the value in single quotes (with variables in it written out)"},
		{"A=pa\\#ss", "bash, systemd take $, # or \\ in it as signs"},
		{"A=foo bar", "bash cannot read the line"},
		{"export A=b",
	         "systemd cannot read the line; Compose, Compose 2.3-2.6, bash, python-dotenv read it as written; "
	         "write "
	         "NAME="},
		{"A: b", "write NAME='value' without export, colon or spaces"},
		{"A='${x}'",
	         "python-dotenv reads nothing; Compose, Compose 2.3-2.6, bash, systemd read it as written; no "
	         "quotes help"},
		{"A=it's", "no quotes help here: keep the value in a file of its own"},
		{"A=b\r\n", "f.env:1: lines end in CR LF"},
		{"\xef\xbb\xbf"
	         "A=b",
	         "f.env:1: begins with a byte order mark"},
		{"A=b", NULL},
		{"A='#x!'", NULL},
		{"A=\"foo #bar\"", NULL},
		{"A='$2a$14$abcdefghijk'", NULL},
		{"A=http://x:9000/a?b=c", NULL},
		{"A=", NULL},
		{"A='1\n2'", NULL},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(parse(x, rows[i].text), 0);
		if (x->env.n_warnings != (rows[i].warning ? 1 : 0))
			fail_msg("%s: %zu warnings: %s", rows[i].text, x->env.n_warnings, x->env.warnings[0]);
		if (rows[i].warning && !strstr(x->env.warnings[0], rows[i].warning))
			fail_msg("%s: %s", rows[i].text, x->env.warnings[0]);
	}
}

static void test_warnings_hold_no_values(void **state)
{
	static const char *const texts[] = {"A=#hunter2",     "A=hunter2 #x", "A=hunter2$x",
	                                    "A='${hunter2}'", "A=hunter2 x",  "A=`hunter2"};
	struct fixture *x = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(parse(x, texts[i]), 0);
		assert_int_equal(x->env.n_warnings, 1);
		assert_null(strstr(x->env.warnings[0], "hunter2"));
	}
}

static void test_limits(void **state)
{
	struct fixture *x = *state;
	struct buf CLEANUP_BUF b = {0};

	buf_puts(&b, "A=");
	for (int i = 0; i < 70000; i++)
		buf_putc(&b, 'x');
	assert_fault(x, b.data, "f.env:1:1: A: longer than 64 KiB");

	buf_reset(&b);
	for (int i = 0; i < 2000; i++)
		buf_printf(&b, "A%d=x\n", i);
	assert_fault(x, b.data, "f.env:1025:1: more than 1024 variables; remove some");
	assert_int_equal(x->env.n, ENV_MAX_PAIRS);

	buf_reset(&b);
	buf_puts(&b, "A0=0123456789abcdef\n");
	for (int i = 1; i < 40; i++)
		buf_printf(&b, "A%d=$A%d$A%d\n", i, i - 1, i - 1);
	assert_fault(x, b.data, "longer than 64 KiB");
	assert_int_equal(env_file_parse(&x->arena, "f.env", "A=\0b", 4, &x->env, &x->faults), -1);
}

static void test_files(void **state)
{
	struct fixture *x = *state;
	char path[] = "/tmp/vedette-test-XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(write(fd, "VEDETTE_TEST_B=1\nVEDETTE_TEST_C=2\n", 34), 34);
	close(fd);
	setenv("VEDETTE_TEST_B", "kept", 1);
	assert_int_equal(env_file_load(&x->arena, path, &x->env, &x->faults), 0);
	env_file_apply(&x->env);
	assert_string_equal(getenv("VEDETTE_TEST_B"), "kept");
	assert_string_equal(getenv("VEDETTE_TEST_C"), "2");
	unsetenv("VEDETTE_TEST_B");
	unsetenv("VEDETTE_TEST_C");
	unlink(path);
	assert_int_equal(env_file_load(&x->arena, path, &x->env, &x->faults), -1);
	assert_non_null(strstr(x->faults.text.data, "No such file or directory; check --env-file"));
	assert_int_equal(env_file_load(&x->arena, "/tmp", &x->env, &x->faults), -1);
	assert_int_equal(env_file_load(&x->arena, "/dev/zero", &x->env, &x->faults), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_five_programs),
		TEST(test_compose_values),
		TEST(test_a_name_alone_is_inherited),
		TEST(test_values_are_not_replaced_twice),
		TEST(test_order_and_lines),
		TEST(test_faults),
		TEST(test_faults_hold_no_values),
		TEST(test_warnings),
		TEST(test_warnings_hold_no_values),
		TEST(test_limits),
		TEST(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
