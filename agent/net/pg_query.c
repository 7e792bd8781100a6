/* One question to an open connection, and its reply, behind a deadline. */
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "net/pg_internal.h"

static void clear_result(PGresult **result)
{
	PQclear(*result);
}
#define CLEANUP_RESULT __attribute__((cleanup(clear_result)))

/* In the extended protocol a query is one statement: a second one is an error, whoever wrote it. */
enum protocol { SIMPLE, EXTENDED };

int64_t pg_statement_timeout_ms(const struct pg *pg)
{
	int64_t ms = pg->timeout_ns / NS_PER_MS - 200;

	return ms < 100 ? 100 : ms;
}

static int lost(struct pg *pg, PGconn *conn, struct err *err)
{
	char state[6];

	pg->failure = pg_explain_conn(pg, conn, state, err);
	return -1;
}

static int send_query(struct pg *pg, PGconn *conn, const char *sql, enum protocol protocol, int64_t deadline_ns,
                      struct err *err)
{
	int more, sent = protocol == SIMPLE ? PQsendQuery(conn, sql)
	                                    : PQsendQueryParams(conn, sql, 0, NULL, NULL, NULL, NULL, 0);

	if (!sent)
		return lost(pg, conn, err);
	PQsetSingleRowMode(conn);
	while ((more = PQflush(conn)) > 0)
		if (!pg_wait(conn, POLLOUT | POLLIN, deadline_ns))
			return pg_fail(pg, PG_TIMEOUT, err, "no answer before the deadline");
	return more < 0 ? lost(pg, conn, err) : 0;
}

static int too_big(struct pg *pg, struct err *err)
{
	return pg_fail(pg, PG_TOO_BIG, err, "the reply is larger than %d MiB", PG_REPLY_MAX >> 20);
}

/* Counts what has come. libpq makes room for a message as soon as its length is announced, and knows no limit. */
static bool has_come(PGconn *conn, size_t *bytes)
{
	int waiting = 0;

	if (ioctl(PQsocket(conn), FIONREAD, &waiting) == 0 && waiting > 0)
		*bytes += (size_t)waiting;
	return *bytes <= 2 * PG_REPLY_MAX;
}

/* The next result, NULL at the end of the reply. */
static int next_result(struct pg *pg, PGconn *conn, int64_t deadline_ns, size_t *bytes, PGresult **out, struct err *err)
{
	while (PQisBusy(conn)) {
		if (!pg_wait(conn, POLLIN, deadline_ns))
			return pg_fail(pg, PG_TIMEOUT, err, "no answer before the deadline");
		if (!has_come(conn, bytes))
			return too_big(pg, err);
		if (!PQconsumeInput(conn))
			return lost(pg, conn, err);
	}
	*out = PQgetResult(conn);
	return 0;
}

/* The first error of a reply is the one to tell. */
static void explain_result(struct pg *pg, const PGresult *result, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	pg->failure = pg_explain(pg, state ? state : "", message ? message : PQresultErrorMessage(result), err);
}

static int take_result(struct pg *pg, struct arena *a, const PGresult *result, struct pg_rows *rows, struct err *err)
{
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
		if (pg_rows_take(a, rows, result))
			return 0;
		return too_big(pg, err);
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY: return 0;
	case PGRES_FATAL_ERROR: explain_result(pg, result, err); return -1;
	default: return pg_fail(pg, PG_QUERY, err, "a statement that is no query");
	}
}

/* Whether the connection can be used further after a query has failed. */
bool pg_usable(const struct pg *pg, const PGconn *conn)
{
	return PQstatus(conn) == CONNECTION_OK && pg->failure >= PG_PERMISSION && pg->failure != PG_TOO_BIG;
}

static int exchange(struct pg *pg, PGconn *conn, struct arena *a, const char *sql, enum protocol protocol,
                    int64_t deadline_ns, struct pg_rows *rows, struct err *err)
{
	size_t bytes = 0;
	int rc = 0;

	if (send_query(pg, conn, sql, protocol, deadline_ns, err) < 0)
		return -1;
	for (;;) {
		PGresult CLEANUP_RESULT *result = NULL;
		struct err *first = rc ? &(struct err){""} : err;

		if (next_result(pg, conn, deadline_ns, &bytes, &result, first) < 0)
			return -1;
		if (!result)
			return rc;
		if (rc == 0 && (rc = take_result(pg, a, result, rows, err)) < 0 && !pg_usable(pg, conn))
			return -1;
	}
}

/* Sends and reads to the end of the reply; after an error that is no end of the connection it is still drained. */
int pg_exchange(struct pg *pg, PGconn *conn, struct arena *a, const char *sql, int64_t deadline_ns,
                struct pg_rows *rows, struct err *err)
{
	return exchange(pg, conn, a, sql, SIMPLE, deadline_ns, rows, err);
}

/* Ends a transaction that has failed; why it has stays as it was told. */
static void roll_back(struct pg *pg, PGconn *conn, struct arena *a, int64_t deadline_ns)
{
	enum pg_failure why = pg->failure;
	struct pg_rows ignored_rows = {0};
	struct err ignored;

	if (pg_usable(pg, conn) && exchange(pg, conn, a, "ROLLBACK", SIMPLE, deadline_ns, &ignored_rows, &ignored) == 0)
		pg->failure = why;
}

static const char *begin_sql(struct arena *a, int64_t timeout_ms)
{
	return arena_printf(a,
	                    "BEGIN READ ONLY; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = 100; "
	                    "SET LOCAL jit = off",
	                    (int)timeout_ms);
}

/* What the server may take so that its answer still comes in time. */
static int64_t budget_ms(const struct pg_request *rq)
{
	int64_t left = rq->deadline_ns - clock_mono_ns() - 100 * NS_PER_MS;

	return (left < rq->budget_ns ? left : rq->budget_ns) / NS_PER_MS;
}

/* What somebody else wrote, in a transaction of its own. */
static int ask_foreign(struct pg *pg, PGconn *conn, struct arena *a, const struct pg_request *rq, struct pg_rows *rows,
                       struct err *err)
{
	struct pg_rows none = {0};
	int64_t ms = budget_ms(rq);

	if (ms <= 0)
		return pg_fail(pg, PG_NO_TIME, err, "no time was left for it");
	/* A time-out that passes as a statement ends cancels the next one, whatever that is */
	if (exchange(pg, conn, a, begin_sql(a, ms), SIMPLE, rq->deadline_ns, &none, err) == 0 &&
	    exchange(pg, conn, a, rq->sql, EXTENDED, rq->deadline_ns, rows, err) == 0 &&
	    exchange(pg, conn, a, "COMMIT", SIMPLE, rq->deadline_ns, &none, err) == 0)
		return 0;
	roll_back(pg, conn, a, rq->deadline_ns);
	return -1;
}

/* What a pooler may not keep goes into the transaction. The session's own settings are the application's. */
int pg_ask(struct pg *pg, PGconn *conn, struct arena *a, const struct pg_request *rq, struct pg_rows *rows,
           struct err *err)
{
	const char *sql;

	if (rq->budget_ns)
		return ask_foreign(pg, conn, a, rq, rows, err);
	if (pg->kind == PG_CONSOLE || pg->startup != STARTUP_NONE)
		return pg_exchange(pg, conn, a, rq->sql, rq->deadline_ns, rows, err);
	sql = arena_printf(a, "%s; %s; COMMIT", begin_sql(a, pg_statement_timeout_ms(pg)), rq->sql);
	if (pg_exchange(pg, conn, a, sql, rq->deadline_ns, rows, err) == 0)
		return 0;
	roll_back(pg, conn, a, rq->deadline_ns);
	return -1;
}
