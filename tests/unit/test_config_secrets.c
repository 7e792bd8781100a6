/* Variables and secrets in settings. */
#include <sys/stat.h>

#include "config_fixture.h"

static void test_variables(void **state)
{
	static const struct {
		const char *text, *value;
	} rows[] = {
		{"${V}", "a#b: \"c\" $d ${V} $$\n"},
		{"'${V}'", "a#b: \"c\" $d ${V} $$\n"},
		{"\"x${V}x\"", "xa#b: \"c\" $d ${V} $$\nx"},
		{"${V_NONE:-a b}", "a b"},
		{"${V_NONE:-}", ""},
		{"${V_EMPTY}", ""},
		{"${V_EMPTY:-full}", "full"},
		{"'$$'", "$"},
		{"'$${V}'", "${V}"},
		{"'$$$$'", "$$"},
		{"'^(a)($|/)$'", "^(a)($|/)$"},
		{"'$1 ${1} ${} $V $'", "$1 ${1} ${} $V $"},
		{"'${V_X}${V_X}'", "xx"},
	};
	char text[128];

	setenv("V", "a#b: \"c\" $d ${V} $$\n", 1);
	setenv("V_EMPTY", "", 1);
	setenv("V_X", "x", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "external_labels: {a: %s}", rows[i].text);
		if (strchr(rows[i].text, '{') == rows[i].text + 1)
			snprintf(text, sizeof(text), "external_labels:\n  a: %s\n", rows[i].text);
		assert_string_equal(bound(*state, text)->external_labels.items[0].value, rows[i].value);
	}
	assert_faults(*state, "web:\n  listen_address: x${V_NONE}\n",
	              "f.yml:2:19: web.listen_address: the variable V_NONE is not set; set it or give a default: "
	              "${V_NONE:-default}\n");
	assert_fault(*state, "web:\n  listen_address: ${V\n", "${V is not closed; write ${V}, or $$ for a dollar");
	assert_fault(*state, "web:\n  listen_address: ${V-x}\n", "something other than :- behind its name");
	setenv("V", "hunter2", 1);
	assert_faults(*state, "web:\n  scrape_timeout: ${V}\n",
	              "f.yml:2:19: web.scrape_timeout: not a duration; write 5s (or 500ms, 1m, 1h30m, 2d, 1w)\n");
}

static void test_variables_are_bounded(void **state)
{
	struct buf CLEANUP_BUF b = {0};
	char value[100001];

	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	setenv("V", value, 1);
	buf_puts(&b, "external_labels:\n");
	for (int i = 0; i < 200; i++)
		buf_printf(&b, "  k%d: ${V}\n", i);
	assert_fault(*state, b.data, "more than 16 MiB of variables so far; shorten them");
	buf_reset(&b);
	buf_puts(&b, "external_labels:\n  a: ");
	for (int i = 0; i < 20; i++)
		buf_puts(&b, "${V}");
	assert_fault(*state, b.data, "longer than 1 MiB once its variables are in");
}

/* A name leads to no file in another directory. */
static void credential_of_names(struct fixture *x, const char *directory)
{
	char app[128], other[128], of_other[160];
	const struct sample_server *servers;

	snprintf(app, sizeof(app), "%s/exporters.postgres.app.password", directory);
	snprintf(other, sizeof(other), "%s/exporters.postgres.x", directory);
	snprintf(of_other, sizeof(of_other), "%s/y.password", other);
	write_file(app, "of app", 6);
	assert_int_equal(mkdir(other, 0700), 0);
	write_file(of_other, "of y", 4);
	bound(x, "exporters: {postgres: [{host: a, name: app}, {host: a, name: x/y}]}");
	servers = x->s.exporters.postgres.items;
	assert_string_equal(servers[0].password, "of app");
	assert_null(servers[1].password);
	unlink(app);
	unlink(of_other);
	rmdir(other);
}

static void test_secrets(void **state)
{
	struct fixture *x = *state;
	char directory[] = "/tmp/vedette-test-XXXXXX", path[64], text[256], relative[96];

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/secret", directory);
	snprintf(text, sizeof(text), "logs: {loki: {basic_auth: {password_file: %s}}}", path);
	assert_string_equal(password_of(x, "logs: {loki: {basic_auth: {password: '#x y'}}}"), "#x y");
	assert_fault(x, text, "/secret: No such file or directory; create the file, and let the user");
	write_file(path, "hunter2\r\n\n", 10);
	assert_string_equal(password_of(x, text), "hunter2");
	write_file(path, " a b", 4);
	assert_string_equal(password_of(x, text), " a b");
	write_file(path, "\n", 1);
	assert_fault(x, text, "/secret: empty; write the secret into it");
	write_file(path, "a\0b", 3);
	assert_fault(x, text, "/secret: no UTF-8 text; write the secret alone into it");

	write_file(path, "beside", 6);
	snprintf(relative, sizeof(relative), "%s/f.yml", directory);
	write_file(relative, "logs: {loki: {basic_auth: {password_file: secret}}}", 51);
	assert_int_equal(bind_file(&x->arena, relative, sample_fields, &x->s, &x->faults), 0);
	assert_string_equal(x->s.logs.loki.basic_auth.password, "beside");
	unlink(relative);

	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	assert_null(password_of(x, ""));
	snprintf(relative, sizeof(relative), "%s/logs.loki.basic_auth.password", directory);
	write_file(relative, "credential\n", 11);
	assert_string_equal(password_of(x, ""), "credential");
	assert_string_equal(password_of(x, "logs: {loki: {basic_auth: {password: mine}}}"), "mine");
	write_file(relative, "", 0);
	assert_fault(x, "", "f.yml: logs.loki.basic_auth.password: ");
	unlink(relative);
	credential_of_names(x, directory);
	unlink(path);
	rmdir(directory);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void test_secret_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} rows[] = {
		{"password: }", "empty; write the secret (in a .env file in single quotes), or password_file: PATH"},
		{"password: ''}", "empty; write the secret"},
		{"password: \"${V_EMPTY}\"}", "empty; write the secret"},
		{"password: [hunter2]}", "password: expected a secret, found a list; write password: 'text'"},
		{"password: {a: hunter2}}", "password: expected a secret, found a section; write password: 'text'"},
		{"password: \"hunter2\\0\"}", "password: holds a NUL character; remove it"},
		{"password: 'a${hunter2}'}", "password: holds ${ with no variable that is set; write $$ for a dollar"},
		{"password: '${NO_SUCH}'}", "the variable NO_SUCH is not set"},
		{"password: hunter2, password_file: x}", "password and password_file are both given; keep one of them"},
		{"password_file: }", "expected the path of a file; write password_file: /run/secrets/NAME"},
		{"password_file: ''}", "no path of a file; write password_file"},
		{"password_file: [a]}", "expected the path of a file"},
		{"password_file: /}", "/: not a regular file; create the file"},
		{"password_file: /dev/zero}", "/dev/zero: larger than 65536 bytes; create the file"},
		{"pasword: hunter2}", "no such key: pasword; write password"},
		{"pasword_file: hunter2}", "no such key: pasword_file; write password_file"},
		{"password:hunter2}", "no such key: password…; write a space behind the : of password"},
		{"password: a,hunter2}", "a key without a value; put a text that holds a comma"},
		{"password: *hunter2}", "quote a text that begins with *"},
		{"password: &hunter2 x}", "quote a text that begins with &"},
		{"password: !hunter2 x}", "quote a text that begins with !"},
		{"password: \"hunter2}", "a quote opens here"},
		{"password: hunter2, ", "close it with } (it opens in line 1)"},
	};
	struct fixture *x = *state;
	char text[128];

	setenv("V_EMPTY", "", 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		snprintf(text, sizeof(text), "logs: {loki: {basic_auth: {%s}}", rows[i].text);
		assert_fault(x, text, rows[i].fault);
		assert_null(strstr(x->faults.text.data, "hunter2"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_variables),
		TEST(test_variables_are_bounded),
		TEST(test_secrets),
		TEST(test_secret_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
