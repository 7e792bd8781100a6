/* Asks the running agent's /-/healthy, where its settings say that it listens. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "environment.h"
#include "net/http.h"
#include "settings.h"

enum { ANSWER_MAX = 64 * 1024 };

/* Over loopback its certificate, made for its name, proves nothing. */
static const struct http_access our_own = {.insecure_skip_verify = true};

/* The port of HOST:PORT, reached over loopback whatever it is bound to. */
static void request_for(struct arena *a, const struct web_settings *web, bool tls, struct http_request *out)
{
	const char *scheme = tls ? "https" : "http";
	const char *address = web->listen_address;
	const char *port = strrchr(address, ':');

	*out = (struct http_request){.timeout_ns = 3 * NS_PER_S, .max_bytes = ANSWER_MAX, .access = &our_own};
	if (!strncmp(address, "unix:", 5)) {
		out->unix_socket = address + 5;
		out->url = arena_printf(a, "%s://localhost/-/healthy", scheme);
	} else if (port == address || !strncmp(address, "0.0.0.0:", 8) || !strncmp(address, "[::]:", 5)) {
		out->url = arena_printf(a, "%s://127.0.0.1%s/-/healthy", scheme, port ? port : "");
	} else {
		out->url = arena_printf(a, "%s://%s/-/healthy", scheme, address);
	}
}

/* 401 and 403 come from a server that runs and guards itself: it is well. */
static int ask(struct arena *a, const struct settings *s, struct err *err)
{
	struct http_request request;
	struct http_response response;
	bool tls;

	if (web_uses_tls(&s->web, &tls, err) < 0)
		return -1;
	request_for(a, &s->web, tls, &request);
	if (http_get(a, &request, &response, err) < 0)
		return -1;
	if (response.status != 200 && response.status != 401 && response.status != 403)
		return err_set(err, "%s: status %d", request.url, response.status);
	return 0;
}

enum exit_status cmd_healthcheck(const struct options *o)
{
	struct settings *s = load_or_complain(o);
	struct arena a = {0};
	struct err err;
	int rc;

	if (!s)
		return EXIT_WRONG;
	rc = ask(&a, s, &err);
	if (rc < 0)
		fprintf(stderr, "vedette: not healthy: %s\n", err.text);
	else
		puts("healthy");
	arena_fini(&a);
	settings_free(s);
	return rc < 0 ? EXIT_WRONG : EXIT_DONE;
}
