/* What the files of this folder share. Everything belongs to the web thread. */
#pragma once

#include <microhttpd.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "metric/gzip.h"
#include "web/auth.h"
#include "web/listen.h"
#include "web/negotiate.h"
#include "web/query.h"
#include "web/sd.h"
#include "web/self.h"
#include "web/web.h"
#include "web/webconfig.h"

enum {
	CONNECTIONS_MAX = 64,
	PER_HOST_MAX = 32,        /* for one address beyond this machine */
	HEADER_BYTES = 16 * 1024, /* of a connection's memory, which holds one request's header */
	REPLY_HEADERS = 6,
	CODES_MAX = 16,
};

enum phase {
	PHASE_HEADER,  /* no complete header yet */
	PHASE_REQUEST, /* a request is being served */
	PHASE_IDLE,    /* kept alive */
};

/* One connection, from its first byte to its end. */
struct conn {
	struct conn *next, *prev;
	struct web *web;
	struct MHD_Connection *mhd;
	struct webconfig *config; /* the one its handshake used */
	struct request *request;
	int fd;
	struct in6_addr peer;
	enum phase phase;
	int64_t since_ns; /* when the phase began */
	bool suspended;
	bool cut;        /* its time was up: the socket is shut down */
	bool cert_known; /* the client's certificate was looked at: */
	bool cert_ok;
	struct err cert_error;
};

struct reply_header {
	const char *name, *value;
};

/* One request. Its arena lives until the response is out. */
struct request {
	struct conn *conn;
	struct web *web;
	struct arena arena;
	const char *target; /* as it came */
	const char *method;
	struct query query;
	bool begun;
	bool trusted; /* may be here */
	struct auth_job *job;
	struct reply_header headers[REPLY_HEADERS];
	size_t n_headers;

	struct fleet *fleet; /* of a scrape, and what it asked for: */
	struct gather *gather;
	const char *exporter, *name;
	bool single; /* one target: its state is the answer's status */
	int64_t started_ns;
};

/* The settings in use. */
struct web_state {
	struct arena arena;
	struct origin origin; /* of external_url; host NULL: none */
	const char *config_file;
	int64_t scrape_timeout;
	bool allow_insecure;
};

struct code_count {
	unsigned code;
	uint64_t n;
};

struct web {
	struct web_state state;
	struct web_hooks hooks;
	struct listener listener;
	struct webconfig *config;
	int64_t config_checked_ns;
	struct MHD_Daemon *daemon;
	struct auth *auth;
	int epoll_fd, event_fd;
	atomic_bool stopping;
	bool closing;  /* no request may wait any more */
	bool run_once; /* a connection ended: the server may have room for another */

	struct conn *conns;
	size_t n_conns;
	uint64_t cut;
	struct code_count codes[CODES_MAX];
	struct scrape_times times;
	int64_t last_scrape_ns; /* 0: never */

	struct gzip gzip;
	struct self self;
	char hostname[256];
};

/* conn.c */
void conn_notify(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code);
enum MHD_Result conn_accept(void *cls, const struct sockaddr *sa, socklen_t len);
struct conn *conn_of(struct MHD_Connection *mhd);
void conn_enter(struct conn *c, enum phase phase);
/* Cuts off who took too long, and returns when the next one is due (monotonic; INT64_MAX: nobody). */
int64_t conn_cut_overdue(struct web *web, int64_t now);

/* request.c */
void *request_begin(void *cls, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result request_handle(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
                               const char *version, const char *upload, size_t *upload_len, void **context);
void request_end(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code);
enum MHD_Result request_suspend(struct request *rq);
/* Resumes what waits for something that has come, and returns when the next deadline is. */
int64_t request_resume_ready(struct web *web);
const char *request_header(const struct request *rq, const char *name);

/* route.c */
enum MHD_Result route_serve(struct request *rq);

/* reply.c */
void reply_header(struct request *rq, const char *name, const char *value);
enum MHD_Result reply_body(struct request *rq, unsigned code, const char *type, struct buf *body);
enum MHD_Result reply_text(struct request *rq, unsigned code, const char *fmt, ...) PRINTF(3, 4);

/* scrape.c */
enum MHD_Result scrape_start(struct request *rq);
enum MHD_Result scrape_finish(struct request *rq);
enum MHD_Result scrape_agent(struct request *rq);

/* html.c */
/* Begins a page, up to <body>; the title is escaped. */
void html_begin(struct buf *b, const char *title);
/* Sends a finished page, which may hold no script and refer to nothing elsewhere. */
enum MHD_Result html_reply(struct request *rq, unsigned code, struct buf *page);

/* page.c */
enum MHD_Result page_serve(struct request *rq);

/* runbook.c */
enum MHD_Result runbook_serve(struct request *rq);

/* configure.c */
/* Fills *out, whose arena the caller frees in either case. */
MUST_CHECK int state_make(struct web_state *out, const struct web_settings *s, struct err *err);
/* path NULL or empty: none. The error holds as many of the file's faults as fit. */
MUST_CHECK int state_load_webconfig(struct webconfig **out, const char *path, struct err *err);
/* Refuses to be reachable from elsewhere without anybody having to log in. */
MUST_CHECK int state_guard(const struct listener *l, const struct web_state *state, const struct webconfig *config,
                           struct err *err);
/* Reads web.yml and certificates again where they have changed, at most once a second. */
void state_refresh(struct web *web, int64_t now);
