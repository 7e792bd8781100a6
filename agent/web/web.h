/* The HTTP server: one thread, the caller's, with epoll; a scrape that waits for lanes or a slow client holds
 * nothing but its connection.
 *
 * web_new binds and reads certificates, web_run serves until web_stop. The struct is owned by main; the settings
 * must outlive it, except that a reload hands it new ones. */
#pragma once

#include "base/err.h"
#include "collect/gather.h"
#include "config/field.h"

struct web_settings {
	const char *listen_address; /* HOST:PORT, [V6]:PORT, :PORT or unix:/PATH */
	const char *external_url;   /* where Prometheus reaches us, for /sd; NULL: the request's Host */
	const char *config_file;    /* web.yml; NULL: plain HTTP without users */
	bool allow_insecure;	    /* listen beyond loopback without authentication */
	int64_t scrape_timeout;	    /* nanoseconds; the most a scrape waits */
};

extern const struct field web_fields[];

/* What the last reload brought; shown on the page and in the metrics. */
struct reload_state {
	bool successful;
	double success_time; /* Unix seconds */
	const char *error;   /* NULL: none; the first fault of the file that was refused */
};

/* What the server needs from main; called on the server's thread. */
struct web_hooks {
	void *owner;
	struct fleet *(*fleet)(void *owner);		     /* a new reference to the fleet in force */
	int (*reload)(void *owner, struct err *err);	     /* POST /-/reload */
	struct reload_state (*reload_state)(void *owner);
	int watch_fd;			    /* -1, or one more descriptor to wait for (signals) */
	void (*on_watch)(void *owner);	    /* watch_fd is readable */
};

struct web;

MUST_CHECK int web_new(struct web **out, const struct web_settings *settings, const struct web_hooks *hooks,
		       struct err *err);
void web_free(struct web *web);

/* Serves until web_stop is called (from a hook). */
MUST_CHECK int web_run(struct web *web, struct err *err);
void web_stop(struct web *web);

/* After a reload: scrape_timeout and external_url change; the address and web.yml need a restart, and an error
 * says so where they differ. The new settings must outlive the server. */
MUST_CHECK int web_reconfigure(struct web *web, const struct web_settings *settings, struct err *err);

/* The port that it listens on (useful where the address says port 0); 0 for a Unix socket. */
uint16_t web_port(const struct web *web);

/* For `check`: reads web.yml and looks at the address without binding. */
MUST_CHECK int web_check(const struct web_settings *settings, struct err *err);

/* For `healthcheck`: whether web.yml asks for TLS. */
MUST_CHECK int web_uses_tls(const struct web_settings *settings, bool *out, struct err *err);

/* What the server adds to /metrics about the agent itself; ends with an empty row. */
extern const struct metric_desc web_metrics[];
