/* What the parts of pg share. Inside of net only: here and in pg*.c, and nowhere else, is libpq. */
#pragma once

#include <libpq-fe.h>

#include "net/pg.h"
#include "net/resolve.h"

enum {
	PG_MAX_KEYWORDS = 64,
	PG_MAX_RESTING = 128,
	PG_REPLY_MAX = 8 * 1024 * 1024, /* bytes that one reply may take */
};

/* What travels in the startup packet's options. */
enum pg_startup {
	STARTUP_FULL,
	STARTUP_OLD, /* a server before 14 knows no client_connection_check_interval */
	STARTUP_NONE /* a pooler: settings go into each transaction */
};

/* Keywords and values as libpq wants them, NULL-terminated. */
struct pg_keywords {
	const char *keys[PG_MAX_KEYWORDS + 1], *values[PG_MAX_KEYWORDS + 1];
	size_t n;
};

struct pg_rest {
	const char *name;
	int runs; /* for which it is still left in peace */
};

/* The last reply to a question that is not to be asked each time. */
struct pg_kept {
	struct pg_kept *next;
	const char *name;
	struct arena arena;         /* of the rows */
	const struct pg_rows *rows; /* NULL: none that can be given again */
	int64_t asked_ns;
};

struct pg {
	enum pg_kind kind;
	struct arena arena; /* of the keywords */
	struct pg_keywords keywords;
	const char *host, *port, *database, *user, *password; /* in effect; password NULL: none known */
	const char *server;
	bool by_name; /* the host is to be resolved */
	int64_t timeout_ns;
	struct err config_error; /* "": none */

	struct resolver *resolver;
	PGconn *conn;
	enum pg_startup startup;
	bool fresh;    /* conn was made in this run */
	bool answered; /* in this run */
	bool refused;  /* the login failed in this run, because of: */
	struct err refusal;
	enum pg_failure refusal_failure, failure;
	int64_t began_ns, pause_until_ns;
	int left_fd;      /* of a connection that we gave up and the server may not know of; -1: none */
	int64_t ended_ns; /* until then the server may still be busy with a query that we gave up */
	unsigned random;
	struct pg_rest resting[PG_MAX_RESTING];
	struct pg_kept *kept;

	pg_answer_fn *answer;
	void *answer_arg;
	int answer_version;
};

struct pg_rows {
	size_t n, room, columns, bytes;
	int64_t asked_ns; /* 0: they come from a test */
	const char **names;
	const char ***rows;
};

/* pg.c: tells the server that we have left the connection that we gave up: now packets get through again. */
void pg_reset_left(struct pg *pg);

/* pg_query.c: what the server is told, so that it gives up before we do. */
int64_t pg_statement_timeout_ms(const struct pg *pg);
/* Sends and reads to the end of the reply; after an error that is no end of the connection it is still drained. */
MUST_CHECK int pg_exchange(struct pg *pg, PGconn *conn, struct arena *a, const char *sql, int64_t deadline_ns,
                           struct pg_rows *rows, struct err *err);
/* As pg_exchange, in a read-only transaction with our time-outs where a pooler stands in between. */
MUST_CHECK int pg_ask(struct pg *pg, PGconn *conn, struct arena *a, const struct pg_request *rq, struct pg_rows *rows,
                      struct err *err);
/* Whether the connection can be used further after a query has failed. */
bool pg_usable(const struct pg *pg, const PGconn *conn);

/* pg_rows.c: appends the rows of one result; false when the reply has become too large. */
bool pg_rows_take(struct arena *a, struct pg_rows *rows, const PGresult *result);

/* pg_kept.c: the place for replies to a question, with its name for as long as the client lives, made where there is
 * none yet; all of them emptied, and freed. */
struct pg_kept *pg_kept(struct pg *pg, const char *name);
void pg_kept_forget(struct pg *pg);
void pg_kept_free(struct pg *pg);

/* pg_connect.c */
void pg_configure(struct pg *pg, const struct pg_options *o);
/* A connection that is ready to be asked, or NULL with pg->failure. */
PGconn *pg_dial(struct pg *pg, int64_t deadline_ns, struct err *err);
/* Ends a connection and waits (not long) until the server has ended it too. */
void pg_part(PGconn *conn, int64_t deadline_ns);
/* False: the deadline has passed. */
bool pg_wait(PGconn *conn, short events, int64_t deadline_ns);

/* pg_error.c: classifies what libpq or the server said, sets err to words, and returns the class. */
enum pg_failure pg_explain(const struct pg *pg, const char *state, const char *message, struct err *err);
/* As pg_explain for a connection that failed. The state is copied to `state` ("" for none). */
enum pg_failure pg_explain_conn(const struct pg *pg, const PGconn *conn, char state[6], struct err *err);
int pg_fail(struct pg *pg, enum pg_failure failure, struct err *err, const char *fmt, ...) PRINTF(4, 5);
