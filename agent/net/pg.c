#include "net/pg.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "net/pg_internal.h"

enum {
	REST_RUNS = 5,   /* that a query is left in peace after it timed out */
	PAUSE_MS = 100,  /* the least time between two logins, and as much again by chance */
	CHECK_MS = 1100, /* by then a server with client_connection_check_interval has noticed that we left */
	LEAVE_MS = 100,  /* that a server takes to end a query whose time is over */
};

static void clear_result(PGresult **result)
{
	PQclear(*result);
}
#define CLEANUP_RESULT __attribute__((cleanup(clear_result)))

struct pg *pg_new(const struct pg_options *o, enum pg_kind kind)
{
	struct pg *pg = calloc(1, sizeof(*pg));

	if (!pg)
		abort();
	pg->kind = kind;
	pg->timeout_ns = o->timeout;
	pg->resolver = resolver_new();
	pg->random = (unsigned)clock_mono_ns();
	pg_configure(pg, o);
	return pg;
}

struct pg *pg_new_with(pg_answer_fn *answer, void *arg, int version)
{
	struct pg *pg = calloc(1, sizeof(*pg));

	if (!pg)
		abort();
	*pg = (struct pg){.answer = answer, .answer_arg = arg, .answer_version = version, .server = "db.example:5432"};
	pg->database = "app";
	return pg;
}

static void drop(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
}

void pg_free(struct pg *pg)
{
	if (!pg)
		return;
	drop(pg);
	resolver_free(pg->resolver);
	arena_fini(&pg->arena);
	free(pg);
}

void pg_begin(struct pg *pg)
{
	pg->began_ns = clock_mono_ns();
	pg->fresh = pg->answered = pg->refused = false;
	for (size_t i = 0; i < PG_MAX_RESTING; i++)
		if (pg->resting[i].runs > 0)
			pg->resting[i].runs--;
}

bool pg_answered(const struct pg *pg)
{
	return pg->answered;
}

enum pg_failure pg_failure(const struct pg *pg)
{
	return pg->failure;
}

const char *pg_server(const struct pg *pg)
{
	return pg->server;
}

const char *pg_database(const struct pg *pg)
{
	return pg->database;
}

static struct pg_rest *rest_of(struct pg *pg, const char *name)
{
	for (size_t i = 0; i < PG_MAX_RESTING; i++)
		if (pg->resting[i].runs > 0 && !strcmp(pg->resting[i].name, name))
			return &pg->resting[i];
	return NULL;
}

static void rest(struct pg *pg, const char *name)
{
	for (size_t i = 0; i < PG_MAX_RESTING; i++)
		if (pg->resting[i].runs == 0) {
			pg->resting[i] = (struct pg_rest){name, REST_RUNS + 1};
			return;
		}
}

int64_t pg_statement_timeout_ms(const struct pg *pg)
{
	int64_t ms = pg->timeout_ns / NS_PER_MS - 200;

	return ms < 100 ? 100 : ms;
}

/* The server may go on with what we do not wait for any longer; a new connection beside it would be one too many.
 * Its own time-out ends the query, or its next look at the connection. */
static int give_up(struct pg *pg, int64_t asked_ns, struct err *err)
{
	int64_t by_timeout = asked_ns + (pg_statement_timeout_ms(pg) + LEAVE_MS) * NS_PER_MS;
	int64_t by_check = clock_mono_ns() + CHECK_MS * NS_PER_MS;

	if (pg->kind == PG_SERVER)
		pg->ended_ns = pg->startup == STARTUP_FULL && by_check < by_timeout ? by_check : by_timeout;
	drop(pg);
	return pg_fail(pg, PG_TIMEOUT, err, "no answer before the deadline");
}

static int lost(struct pg *pg, PGconn *conn, struct err *err)
{
	char state[6];

	pg->failure = pg_explain_conn(pg, conn, state, err);
	return -1;
}

static int send_query(struct pg *pg, PGconn *conn, const char *sql, int64_t deadline_ns, struct err *err)
{
	int more;

	if (!PQsendQuery(conn, sql))
		return lost(pg, conn, err);
	PQsetSingleRowMode(conn);
	while ((more = PQflush(conn)) > 0)
		if (!pg_wait(conn, POLLOUT | POLLIN, deadline_ns))
			return pg_fail(pg, PG_TIMEOUT, err, "no answer before the deadline");
	return more < 0 ? lost(pg, conn, err) : 0;
}

/* The next result, NULL at the end of the reply. */
static int next_result(struct pg *pg, PGconn *conn, int64_t deadline_ns, PGresult **out, struct err *err)
{
	while (PQisBusy(conn)) {
		if (!pg_wait(conn, POLLIN, deadline_ns))
			return pg_fail(pg, PG_TIMEOUT, err, "no answer before the deadline");
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
		return pg_fail(pg, PG_TOO_BIG, err, "the reply is larger than %d MiB", PG_REPLY_MAX >> 20);
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY: return 0;
	case PGRES_FATAL_ERROR: explain_result(pg, result, err); return -1;
	default: return pg_fail(pg, PG_QUERY, err, "a statement that is no query");
	}
}

/* Whether the connection can be used further after a query has failed. */
static bool usable(const struct pg *pg, const PGconn *conn)
{
	return PQstatus(conn) == CONNECTION_OK && pg->failure >= PG_PERMISSION && pg->failure != PG_TOO_BIG;
}

/* Sends and reads to the end of the reply; after an error that is no end of the connection it is still drained. */
static int exchange(struct pg *pg, PGconn *conn, struct arena *a, const char *sql, int64_t deadline_ns,
                    struct pg_rows *rows, struct err *err)
{
	int rc = 0;

	if (send_query(pg, conn, sql, deadline_ns, err) < 0)
		return -1;
	for (;;) {
		PGresult CLEANUP_RESULT *result = NULL;
		struct err *first = rc ? &(struct err){""} : err;

		if (next_result(pg, conn, deadline_ns, &result, first) < 0)
			return -1;
		if (!result)
			return rc;
		if (rc == 0 && (rc = take_result(pg, a, result, rows, err)) < 0 && !usable(pg, conn))
			return -1;
	}
}

/* What a pooler may not keep goes into the transaction. The session's own settings are the application's. */
static int ask(struct pg *pg, PGconn *conn, struct arena *a, const struct pg_request *rq, struct pg_rows *rows,
               struct err *err)
{
	struct err ignored;
	const char *sql;

	if (pg->kind == PG_CONSOLE || pg->startup != STARTUP_NONE)
		return exchange(pg, conn, a, rq->sql, rq->deadline_ns, rows, err);
	sql = arena_printf(a,
	                   "BEGIN READ ONLY; SET LOCAL statement_timeout = %d; SET LOCAL lock_timeout = 100; "
	                   "SET LOCAL jit = off; %s; COMMIT",
	                   (int)pg_statement_timeout_ms(pg), rq->sql);
	if (exchange(pg, conn, a, sql, rq->deadline_ns, rows, err) == 0)
		return 0;
	if (usable(pg, conn)) {
		enum pg_failure why = pg->failure;

		if (exchange(pg, conn, a, "ROLLBACK", rq->deadline_ns, rows, &ignored) == 0)
			pg->failure = why;
	}
	return -1;
}

/* Settings in the startup packet may be swallowed on the way by a pooler that was told to ignore them. */
static int check_startup(struct pg *pg, PGconn *conn, int64_t deadline_ns, struct err *err)
{
	struct arena a = {0};
	struct pg_rows rows = {0};
	int rc = exchange(pg, conn, &a, "SHOW lock_timeout", deadline_ns, &rows, err);

	if (rc == 0 && (!rows.n || !rows.rows[0][0] || strcmp(rows.rows[0][0], "100ms") != 0))
		pg->startup = STARTUP_NONE;
	arena_fini(&a);
	return rc;
}

static void sleep_until(int64_t ns)
{
	struct timespec until = {ns / NS_PER_S, ns % NS_PER_S};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* Not at once again after a failure, and not all agents of a fleet in the same moment. */
static int take_pause(struct pg *pg, int64_t deadline_ns, struct err *err)
{
	int64_t now = clock_mono_ns(), until = pg->ended_ns > pg->pause_until_ns ? pg->ended_ns : pg->pause_until_ns;

	if (until <= now)
		return 0;
	if (until >= deadline_ns)
		return pg_fail(pg, PG_TIMEOUT, err, "the server may still be busy with an earlier query of ours");
	sleep_until(until);
	return 0;
}

static int log_in(struct pg *pg, int64_t deadline_ns, struct err *err)
{
	PGconn *conn;

	if (pg->config_error.text[0]) {
		pg->failure = PG_CONFIG;
		*err = pg->config_error;
		return -1;
	}
	if (take_pause(pg, deadline_ns, err) < 0)
		return -1;
	conn = pg_dial(pg, deadline_ns, err);
	if (conn &&
	    (pg->kind == PG_CONSOLE || pg->startup == STARTUP_NONE || check_startup(pg, conn, deadline_ns, err) == 0)) {
		pg->conn = conn;
		pg->fresh = true;
		return 0;
	}
	PQfinish(conn);
	pg->pause_until_ns = clock_mono_ns() + (PAUSE_MS + rand_r(&pg->random) % PAUSE_MS) * NS_PER_MS;
	memset(pg->resting, 0, sizeof(pg->resting));
	return -1;
}

static int open_conn(struct pg *pg, int64_t deadline_ns, struct err *err)
{
	if (pg->conn)
		return 0;
	if (!pg->refused && log_in(pg, deadline_ns, &pg->refusal) < 0) {
		pg->refused = true;
		pg->refusal_failure = pg->failure;
	}
	if (pg->refused) {
		pg->failure = pg->refusal_failure;
		*err = pg->refusal;
		return -1;
	}
	return 0;
}

/* Also forgives a connection that was lost since the last run: the server may be back long since. */
static int ask_again(struct pg *pg, struct arena *a, const struct pg_request *rq, struct pg_rows *rows, struct err *err)
{
	for (;;) {
		int64_t asked;
		bool kept;

		*rows = (struct pg_rows){0};
		if (open_conn(pg, rq->deadline_ns, err) < 0)
			return -1;
		kept = !pg->fresh;
		asked = clock_mono_ns();
		if (ask(pg, pg->conn, a, rq, rows, err) == 0)
			return 0;
		if (usable(pg, pg->conn))
			return -1;
		if (pg->failure == PG_TIMEOUT)
			return give_up(pg, asked, err);
		drop(pg);
		if (pg->failure != PG_LOST || !kept)
			return -1;
	}
}

/* A query that had little time because of those before it is not to blame. */
static bool was_slow(const struct pg *pg, const struct pg_request *rq, int64_t started_ns)
{
	if (pg->failure == PG_SLOW)
		return true;
	return pg->failure == PG_TIMEOUT && pg->answered && started_ns - pg->began_ns < (rq->deadline_ns - started_ns);
}

int pg_query(struct pg *pg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out, struct err *err)
{
	struct pg_rows *rows = ARENA_NEW(a, struct pg_rows);
	int64_t started = clock_mono_ns();
	const struct pg_rest *resting;

	if (pg->answer)
		return pg->answer(pg->answer_arg, a, rq, out, err);
	resting = rest_of(pg, rq->name);
	if (resting)
		return pg_fail(pg, PG_RESTING, err, "timed out lately and rests for %d more scrapes", resting->runs);
	if (started >= rq->deadline_ns)
		return pg_fail(pg, PG_TIMEOUT, err, "no time was left for it");
	if (ask_again(pg, a, rq, rows, err) < 0) {
		if (was_slow(pg, rq, started))
			rest(pg, rq->name);
		return -1;
	}
	pg->answered = true;
	*out = rows;
	return 0;
}

int pg_version(struct pg *pg, int64_t deadline_ns, int *version, struct err *err)
{
	if (pg->answer) {
		*version = pg->answer_version;
		return 0;
	}
	if (open_conn(pg, deadline_ns, err) < 0)
		return -1;
	*version = PQserverVersion(pg->conn);
	return 0;
}

static int try_login(struct pg *pg, int64_t deadline_ns, double *seconds, struct err *err)
{
	struct pg_request rq = {"login", pg->kind == PG_CONSOLE ? "SHOW VERSION" : "SELECT 1", deadline_ns};
	int64_t start = clock_mono_ns();
	PGconn *conn = pg_dial(pg, deadline_ns, err);
	struct arena a = {0};
	struct pg_rows rows = {0};
	int rc = conn ? ask(pg, conn, &a, &rq, &rows, err) : -1;

	*seconds = ns_to_seconds(clock_mono_ns() - start);
	if (conn)
		pg_part(conn, deadline_ns);
	arena_fini(&a);
	return rc;
}

int pg_login(struct pg *pg, int64_t deadline_ns, double *seconds, struct err *err)
{
	*seconds = 0;
	if (pg->answer) {
		*seconds = 0.002;
		return 0;
	}
	if (pg->refused) {
		pg->failure = pg->refusal_failure;
		*err = pg->refusal;
		return -1;
	}
	if (clock_mono_ns() >= deadline_ns || pg->ended_ns > clock_mono_ns())
		return pg_fail(pg, PG_TIMEOUT, err, "no time was left to log in");
	return try_login(pg, deadline_ns, seconds, err);
}
