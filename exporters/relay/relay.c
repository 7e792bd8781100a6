/* Expositions of other programs, passed on below /metrics/relay. */
#include "collect/relay.h"
#include "collect/http_target.h"

#define SECOND INT64_C(1000000000)

static const struct field fields[] = {
	{.name = "url",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct relay_options, url, const char *),
         .help = "Where the program tells its metrics, such as http://fastapi-app:8080/metrics.",
         .required = true},
	F_STRING(struct relay_options, unix_socket, NULL,
                 "The socket that it listens on; the url then only says the path and the Host header."),
	{.name = "timeout",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct relay_options, timeout, int64_t),
         .def = "5s",
         .help = "The longest that it may take to answer.",
         .min = SECOND / 10,
         .max = 120 * SECOND},
	HTTP_ACCESS_FIELDS(struct relay_options, access),
	F_MAP(struct relay_options, headers, "More headers of each request."),
	SERIES_RULES_FIELDS(struct relay_options, rules, NULL),
	F_BOOL(struct relay_options, in_main, "false",
               "Also pass its series on in /metrics, not only in its own path."),
	{0},
};

static bool is_in_main(const void *config)
{
	return ((const struct relay_options *)config)->in_main;
}

static int check(const struct attachment *all, size_t i, struct err *err)
{
	const struct relay_options *o = all[i].config;

	if (http_url_check(o->url, err) < 0 || http_access_check(&o->access, err) < 0)
		return -1;
	if (o->unix_socket && *o->unix_socket != '/')
		return err_set(err, "unix_socket is a path that begins with /");
	if (o->in_main && !all[i].name)
		return err_set(err, "what goes into /metrics needs a name to be told from the agent's own; give one");
	return 0;
}

const struct exporter exporter_relay = {
	.name = "relay",
	.help = "Expositions of other programs, passed on.",
	.job = "relay",
	.job_is_name = true,
	.many_targets = true,
	.target = TARGET_HTTP,
	.fields = fields,
	.config_size = sizeof(struct relay_options),
	.check = check,
	.in_main = is_in_main,
};
