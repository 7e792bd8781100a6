/* The HTTP server: exposition, service discovery, status page, health, reload.
 *
 * One thread runs all of it, the one that calls web_run; only bcrypt has a thread of its own. A scrape that waits
 * for lanes or a slow client holds nothing but its connection. Whoever calls ignores SIGPIPE. The struct is owned
 * by main; nothing of the settings is kept. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "collect/gather.h"
#include "config/bind.h"

struct web_settings {
	const char *listen_address; /* HOST:PORT, [V6]:PORT, :PORT or unix:/PATH */
	const char *external_url;   /* where Prometheus reaches us, for /sd; NULL: the request's Host */
	const char *config_file;    /* web.yml; NULL: plain HTTP without users */
	bool allow_insecure;        /* listen beyond loopback without authentication */
	int64_t scrape_timeout;     /* nanoseconds; the most a scrape waits */
};

extern const struct field web_fields[];

/* What the last reload brought; shown on the page and in the metrics. */
struct reload_state {
	bool successful;
	double success_time; /* Unix seconds */
	const char *error;   /* NULL: none; the first fault of the file that was refused */
};

/* What main adds to the status page: a table, and what is wrong with what it shows. */
enum { PAGE_COLUMNS = 6 };

struct page_row {
	bool bad;
	const char *cells[PAGE_COLUMNS]; /* the second tells the state */
};

struct page_section {
	const char *title; /* NULL: there is none */
	const char *columns[PAGE_COLUMNS];
	const struct page_row *rows;
	size_t n_rows;
	const char *problem, *advice; /* NULL: there is none */
};

/* What the server needs from main; called on the server's thread. */
struct web_hooks {
	void *owner;
	struct fleet *(*fleet)(void *owner);         /* a new reference to the fleet in force; NULL: none yet */
	int (*reload)(void *owner, struct err *err); /* POST /-/reload */
	struct reload_state (*reload_state)(void *owner);
	void (*samples)(void *owner, struct sample_set *set); /* NULL, or adds what main has to say of the agent */
	void (*section)(void *owner, struct arena *a, struct page_section *out); /* NULL, or fills in the page's */
	int watch_fd;                  /* -1, or one more descriptor to wait for (signals) */
	void (*on_watch)(void *owner); /* watch_fd is readable */
};

struct web;

/* Binds and listens (connections wait until web_run). Refuses to do so beyond this machine where nobody has to log
 * in. */
MUST_CHECK int web_new(struct web **out, const struct web_settings *settings, const struct web_hooks *hooks,
                       struct err *err);
void web_free(struct web *web); /* NULL is allowed */

/* Serves until web_stop is called (from a hook, another thread, a signal handler). */
MUST_CHECK int web_run(struct web *web, struct err *err);
void web_stop(struct web *web);

/* After a reload: takes the new settings, all or none, and reads web.yml again. The address, and whether there is
 * TLS, need a restart, and an error says so where they differ. */
MUST_CHECK int web_reconfigure(struct web *web, const struct web_settings *settings, struct err *err);

/* The port that it listens on (useful where the address says port 0); 0 for a Unix socket. */
uint16_t web_port(const struct web *web);
const char *web_address(const struct web *web); /* "127.0.0.1:19100", "unix:/run/vedette.sock" */

/* For `check`: every fault of web.yml and of these settings; binds nothing. */
MUST_CHECK int web_check(const struct web_settings *settings, struct faults *faults);

/* For `healthcheck`: whether web.yml asks for TLS. */
MUST_CHECK int web_uses_tls(const struct web_settings *settings, bool *out, struct err *err);

/* What the server adds to /metrics about the agent itself; ends with an empty row. */
extern const struct metric_desc web_metrics[];
