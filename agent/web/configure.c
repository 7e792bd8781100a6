#include <string.h>

#include "base/log.h"
#include "web/internal.h"

const struct field web_fields[] = {
	F_STRING(struct web_settings, listen_address, "127.0.0.1:19100",
                 "Where to listen: host:port, :port for all addresses, or unix:/path."),
	{.name = "scrape_timeout",
         .type = FIELD_DURATION,
         .offset = offsetof(struct web_settings, scrape_timeout),
         .def = "5s",
         .help = "The longest that a scrape waits for slow targets; Prometheus' own time-out shortens it.",
         .min = 100 * NS_PER_MS,
         .max = 120 * NS_PER_S},
	F_STRING(struct web_settings, external_url, NULL,
                 "The URL under which others reach the agent, for /sd; what the request says when absent."),
	F_STRING(struct web_settings, config_file, NULL, "web.yml: TLS, client certificates and users."),
	F_BOOL(struct web_settings, allow_insecure, "false",
               "Listen beyond this machine although nobody has to log in."),
	{0},
};

int state_make(struct web_state *out, const struct web_settings *s, struct err *err)
{
	*out = (struct web_state){.scrape_timeout = s->scrape_timeout, .allow_insecure = s->allow_insecure};
	if (s->config_file && *s->config_file)
		out->config_file = arena_strdup(&out->arena, s->config_file);
	if (s->external_url && *s->external_url)
		return origin_parse(&out->arena, s->external_url, &out->origin, err);
	return 0;
}

static void free_state(struct web_state *state)
{
	arena_fini(&state->arena);
}

static void check_reach(const struct listen_address *address, const struct web_state *state,
                        const struct webconfig *config, const char *text, struct faults *faults)
{
	struct listener as_if = {.local = !listen_is_open(address)};
	struct err err;

	snprintf(as_if.text, sizeof(as_if.text), "%s", text);
	if (state_guard(&as_if, state, config, &err) < 0)
		faults_add(faults, "web", 0, 0, "%s", err.text);
}

int web_check(const struct web_settings *settings, struct faults *faults)
{
	struct web_state CLEANUP(free_state) state = {0};
	struct webconfig *config = NULL;
	struct listen_address address;
	size_t before = faults->n;
	struct err err;

	if (state_make(&state, settings, &err) < 0)
		faults_add(faults, "web", 0, 0, "%s", err.text);
	if (webconfig_load(&config, state.config_file, faults) < 0)
		config = NULL;
	if (listen_parse(settings->listen_address, &address, &err) < 0)
		faults_add(faults, "web", 0, 0, "%s", err.text);
	else if (config)
		check_reach(&address, &state, config, settings->listen_address, faults);
	webconfig_unref(config);
	return faults->n == before ? 0 : -1;
}

int state_load_webconfig(struct webconfig **out, const char *path, struct err *err)
{
	struct faults CLEANUP(faults_fini) faults;
	int rc;

	faults_init(&faults);
	rc = webconfig_load(out, path && *path ? path : NULL, &faults);
	if (rc < 0) {
		size_t len = faults.text.len;

		while (len && faults.text.data[len - 1] == '\n')
			len--;
		err_set(err, "%.*s", (int)len, faults.text.data ? faults.text.data : "");
	}
	return rc;
}

int state_guard(const struct listener *l, const struct web_state *state, const struct webconfig *config,
                struct err *err)
{
	if (l->local || state->allow_insecure || webconfig_guarded(config))
		return 0;
	return err_set(err,
	               "%s can be reached from other machines and nobody has to log in: listen on 127.0.0.1:19100, or "
	               "give users in --web.config.file, or accept it with --web.allow-insecure",
	               l->text);
}

void state_refresh(struct web *web, int64_t now)
{
	struct webconfig *fresh;
	struct err err;

	if (now - web->config_checked_ns < NS_PER_S)
		return;
	web->config_checked_ns = now;
	if (!webconfig_changed(web->config))
		return;
	webconfig_stamp(web->config); /* whatever comes of it: it is tried once */
	if (state_load_webconfig(&fresh, web->state.config_file, &err) < 0) {
		LOG(ERROR, "the web configuration or its certificates changed and cannot be used; the old ones stay",
		    "cause", err.text);
		return;
	}
	if (fresh->tls != web->config->tls)
		err_set(&err, "TLS is switched on and off by a restart only");
	else if (state_guard(&web->listener, &web->state, fresh, &err) == 0)
		err.text[0] = '\0';
	if (err.text[0]) {
		LOG(ERROR, "the web configuration changed and cannot be used; the old one stays", "cause", err.text);
		webconfig_unref(fresh);
		return;
	}
	webconfig_unref(web->config);
	web->config = fresh;
	LOG(INFO, "the web configuration and its certificates were read again");
}

int web_reconfigure(struct web *web, const struct web_settings *settings, struct err *err)
{
	struct web_state state = {0};
	struct webconfig *config = NULL;

	if (state_make(&state, settings, err) < 0 || state_load_webconfig(&config, state.config_file, err) < 0 ||
	    state_guard(&web->listener, &state, config, err) < 0)
		goto bad;
	if (config->tls != web->config->tls) {
		err_set(err, "TLS is switched on and off by a restart only");
		goto bad;
	}
	arena_fini(&web->state.arena);
	web->state = state;
	webconfig_unref(web->config);
	web->config = config;
	return 0;
bad:
	arena_fini(&state.arena);
	webconfig_unref(config);
	return -1;
}

int web_uses_tls(const struct web_settings *settings, bool *out, struct err *err)
{
	struct webconfig *config;

	if (state_load_webconfig(&config, settings->config_file, err) < 0)
		return -1;
	*out = config->tls;
	webconfig_unref(config);
	return 0;
}
