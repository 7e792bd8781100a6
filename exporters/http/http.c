/* URLs and ports, visited as their users visit them, with blackbox_exporter's names. */
#include "collect/http_target.h"
#include "exporters/http/common_http.h"

#define SECOND INT64_C(1000000000)
#define MIB    (INT64_C(1) << 20)

static const char *const ip_protocols[] = {"any", "4", "6", NULL};

/* Rows of the target's own, for they are in two places there. */
static const struct field tls_fields[] = {
	F_STRING(struct http_target, server_name, NULL, "The certificate's name, where it is not the url's host."),
	{.name = "min_days_left",
         .type = FIELD_INT,
         .offset = FIELD_AT(struct http_target, min_days_left, int64_t),
         .def = "0",
         .help = "The probe fails where a certificate ends within so many days; 0: it may end any time.",
         .min = 0,
         .max = 3650},
	{.name = "ca_file",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct http_target, access.ca_file, const char *),
         .help = "Certificates to trust instead of the system's."},
	{.name = "cert_file",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct http_target, access.cert_file, const char *),
         .help = "Our own certificate, where the server asks for one."},
	{.name = "key_file",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct http_target, access.key_file, const char *),
         .help = "The key of our own certificate."},
	{.name = "insecure_skip_verify",
         .type = FIELD_BOOL,
         .offset = FIELD_AT(struct http_target, access.insecure_skip_verify, bool),
         .def = "false",
         .help = "Take any certificate: the probe then says nothing of whether browsers would."},
	{0},
};

static const struct field expect_fields[] = {
	{.name = "status",
         .type = FIELD_STRING_LIST,
         .offset = FIELD_AT(struct http_expect, status, struct string_list),
         .def = "[2xx]",
         .single_too = true,
         .help = "Statuses that are well, such as 200, 2xx or 200-204; one, or a list."},
	F_REGEX(struct http_expect, body, NULL, "Matches something in the body."),
	F_REGEX(struct http_expect, body_not, NULL, "Matches nothing in the body."),
	{0},
};

static const struct field fields[] = {
	{.name = "url",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct http_target, url, const char *),
         .help = "What to visit: http://..., https://..., or a port as tcp://host:port, with TLS tls://host:port.",
         .required = true},
	F_STRING(struct http_target, method, NULL, "Method of the request; default is GET, with content POST."),
	F_MAP(struct http_target, headers, "More headers of the request."),
	F_STRING(struct http_target, content, NULL, "Body of the request; give its Content-Type in headers."),
	F_STRING(struct http_target, unix_socket, NULL, "The socket that the server listens on, in place of a port."),
	{.name = "basic_auth",
         .type = FIELD_STRUCT,
         .offset = FIELD_AT(struct http_target, access, struct http_access),
         .fields = http_basic_auth_fields,
         .help = "Log in with a name and a password."},
	{.name = "bearer_token",
         .type = FIELD_SECRET,
         .offset = FIELD_AT(struct http_target, access.bearer_token, const char *),
         .help = "Log in with a token."},
	{.name = "tls", .type = FIELD_STRUCT, .offset = 0, .fields = tls_fields, .help = "For https and tls."},
	F_STRUCT(struct http_target, expect, expect_fields, "What the answer has to be."),
	F_BOOL(struct http_target, follow_redirects, "true", "Go where redirections lead, to other servers too."),
	F_INT(struct http_target, max_redirects, "10", "The most redirections in a row.", 1, 100),
	F_BOOL(struct http_target, compression, "false", "Ask for a compressed answer, and unpack it."),
	F_ENUM(struct http_target, ip_protocol, "any", "Addresses to try: any, 4 or 6.", ip_protocols),
	{.name = "timeout",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct http_target, timeout, int64_t),
         .def = "5s",
         .help = "The longest that all of it may take; the scrape's own time limits it too.",
         .min = SECOND / 10,
         .max = 120 * SECOND},
	{.name = "max_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct http_target, max_bytes, uint64_t),
         .def = "10MiB",
         .help = "The longest body, unpacked; a longer one is a failure.",
         .min = 1,
         .max = 64 * MIB},
	{0},
};

static bool is_port(const char *url)
{
	return !strncmp(url, "tcp://", 6) || !strncmp(url, "tls://", 6);
}

static int check_port(const struct http_target *t, struct err *err)
{
	const char *port = strrchr(t->url + 6, ':');

	if (!port || !port[1] || strpbrk(t->url + 6, "/?#@"))
		return err_set(err, "a port is written as tcp://host:port, without anything behind it");
	if (t->method || t->content || t->headers.n || t->expect.body || t->expect.body_not)
		return err_set(err,
		               "a port is only entered: method, content, headers and expect are for http and https");
	return 0;
}

static int check_expect(const struct http_expect *e, struct err *err)
{
	for (size_t i = 0; i < e->status.n; i++)
		if (!http_status_valid(e->status.items[i]))
			return err_set(err, "expect.status: %.40s is no status such as 200, 2xx or 200-204",
			               e->status.items[i]);
	return e->status.n ? 0 : err_set(err, "expect.status is empty: nothing would be well");
}

static int check(const struct attachment *all, size_t i, struct err *err)
{
	const struct http_target *t = all[i].config;

	if (is_port(t->url) ? check_port(t, err) < 0 : http_url_check(t->url, err) < 0)
		return -1;
	if (t->unix_socket && *t->unix_socket != '/')
		return err_set(err, "unix_socket is a path that begins with /");
	return http_access_check(&t->access, err) < 0 ? -1 : check_expect(&t->expect, err);
}

const struct exporter exporter_http = {
	.name = "http",
	.help = "URLs and ports, visited as their users visit them.",
	.job = "probe",
	.many_targets = true,
	.target = TARGET_HTTP,
	.fields = fields,
	.config_size = sizeof(struct http_target),
	.check = check,
};
