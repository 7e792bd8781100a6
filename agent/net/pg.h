/* PostgreSQL, and PgBouncer's console, without ever waiting longer than a deadline.
 *
 * A client belongs to one lane and is used on its thread. It keeps one connection for statistics and makes one more,
 * shortly, to see whether a new client still gets in; never a third. A query whose deadline has passed costs its
 * connection: nothing is sent to cancel it, because that would wait for a server that may hang; the server ends it by
 * the time-outs given at login. Replies are in the caller's arena (those that are kept in the client's, until they are
 * asked for again); the options are borrowed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* What is not set (NULL, 0) comes from the service, the url, PG* in the environment, then libpq's defaults. */
struct pg_options {
	const char *host; /* name, address, or directory of a Unix socket */
	int64_t port;
	const char *database, *user, *password;
	const char *service; /* section of pg_service.conf */
	int sslmode;         /* index into pg_sslmodes */
	const char *sslrootcert, *sslcert, *sslkey;
	int64_t timeout; /* nanoseconds: no query may take longer */
};

/* NULL-terminated; the first stands for what the environment says, else "prefer". */
extern const char *const pg_sslmodes[];

enum pg_kind { PG_SERVER, PG_CONSOLE };

enum pg_failure {
	PG_NO_FAILURE,
	PG_CONFIG, /* the options themselves are wrong */
	PG_DNS,
	PG_REFUSED,
	PG_UNREACHABLE,
	PG_TIMEOUT,
	PG_TLS,
	PG_PROTOCOL, /* what answers there is no PostgreSQL */
	PG_PASSWORD,
	PG_REJECTED, /* pg_hba.conf, or no such role */
	PG_NO_DATABASE,
	PG_TOO_MANY,
	PG_STARTING, /* or shutting down, or in recovery */
	PG_LOST,
	PG_PERMISSION,
	PG_MISSING, /* no such table, column, function or setting */
	PG_LOCKED,
	PG_SLOW,    /* cancelled by statement_timeout */
	PG_RESTING, /* not asked, because it timed out lately */
	PG_NO_TIME, /* not asked, because the deadline is too near */
	PG_TOO_BIG,
	PG_QUERY, /* anything else that the server says of a query */
};

struct pg;
struct pg_rows;

struct pg *pg_new(const struct pg_options *o, enum pg_kind kind);
void pg_free(struct pg *pg); /* NULL is allowed */

/* Begins a run of queries: within one run a failed login is not tried again, and all fails with its error. */
void pg_begin(struct pg *pg);

/* The server let us in and answered something since pg_begin. */
bool pg_answered(const struct pg *pg);

struct pg_request {
	const char *name; /* what rests after a time-out, and what a kept reply is found by */
	const char *sql;  /* one statement */
	int64_t deadline_ns;
	int64_t min_interval_ns; /* a younger reply on the same connection is given again; 0: none is */
	/* Somebody else wrote it: it is one statement or refused, can only read, and the server ends it after this
	 * time, which does not cost the connection. 0: it is ours */
	int64_t budget_ns;
};

/* Logs in where that is needed, asks, and gives the rows. -1: pg_failure tells the class. */
MUST_CHECK int pg_query(struct pg *pg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out,
                        struct err *err);
enum pg_failure pg_failure(const struct pg *pg); /* of the last call that failed */

/* The server's version such as 150004, logging in where that is needed; -1 when it does not let us in. */
MUST_CHECK int pg_version(struct pg *pg, int64_t deadline_ns, int *version, struct err *err);

/* A new connection, one trivial query, and its end; *seconds is how long it took, also in vain. It takes half of the
 * time at most: where nobody new gets in, those who are in still have much to tell. */
MUST_CHECK int pg_login(struct pg *pg, int64_t deadline_ns, double *seconds, struct err *err);

/* The i-th query that rests after a time-out, and for how many runs still; NULL: there are no more. */
const char *pg_resting(const struct pg *pg, size_t i, int *runs);

const char *pg_server(const struct pg *pg);   /* "host:port" */
const char *pg_database(const struct pg *pg); /* the one we log in to */

size_t pg_rows_count(const struct pg_rows *rows);
double pg_rows_age(const struct pg_rows *rows); /* seconds since they were asked for */
size_t pg_columns(const struct pg_rows *rows);
const char *pg_column_name(const struct pg_rows *rows, size_t column);
int pg_column(const struct pg_rows *rows, const char *name);                     /* -1: there is none */
const char *pg_text(const struct pg_rows *rows, size_t row, int column);         /* NULL: null */
bool pg_number(const struct pg_rows *rows, size_t row, int column, double *out); /* false: null or no number */
bool pg_integer(const struct pg_rows *rows, size_t row, int column, int64_t *out);

/* For tests: a client whose queries this function answers. */
typedef int pg_answer_fn(void *arg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out,
                         struct err *err);
struct pg *pg_new_with(pg_answer_fn *answer, void *arg, int version);
/* Rows from text: lines of tab-separated values, the first one the names; \N is null. */
MUST_CHECK int pg_rows_parse(struct arena *a, const char *text, const struct pg_rows **out, struct err *err);
