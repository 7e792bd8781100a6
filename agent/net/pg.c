#include "net/pg.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/pg_internal.h"

enum {
	REST_RUNS = 5,   /* that a query is left in peace after it timed out */
	PAUSE_MS = 100,  /* the least time between two logins, and as much again by chance */
	CHECK_MS = 1100, /* by then a server with client_connection_check_interval has noticed that we left */
	LEAVE_MS = 100,  /* that a server takes to end a query whose time is over */
};

struct pg *pg_new(const struct pg_options *o, enum pg_kind kind)
{
	struct pg *pg = calloc(1, sizeof(*pg));

	if (!pg)
		abort();
	pg->kind = kind;
	pg->timeout_ns = o->timeout;
	pg->left_fd = -1;
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
	pg->left_fd = -1;
	pg->database = "app";
	return pg;
}

static void drop(struct pg *pg)
{
	PQfinish(pg->conn);
	pg->conn = NULL;
	pg_kept_forget(pg);
}

void pg_free(struct pg *pg)
{
	if (!pg)
		return;
	drop(pg);
	pg_reset_left(pg);
	resolver_free(pg->resolver);
	pg_kept_free(pg);
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

const char *pg_resting(const struct pg *pg, size_t i, int *runs)
{
	for (size_t k = 0; k < PG_MAX_RESTING; k++)
		if (pg->resting[k].runs > 0 && i-- == 0) {
			*runs = pg->resting[k].runs;
			return pg->resting[k].name;
		}
	return NULL;
}

static void rest(struct pg *pg, const char *name)
{
	for (size_t i = 0; i < PG_MAX_RESTING; i++)
		if (pg->resting[i].runs == 0) {
			pg->resting[i] = (struct pg_rest){pg_kept(pg, name)->name, REST_RUNS + 1};
			return;
		}
}

/* Where our query does not get through, neither does the news that we have left: the socket stays until a packet
 * gets through again, lest the server counts us twice. */
static void leave(struct pg *pg)
{
	pg_reset_left(pg);
	pg->left_fd = fcntl(PQsocket(pg->conn), F_DUPFD_CLOEXEC, 0);
	drop(pg);
	if (pg->left_fd >= 0)
		shutdown(pg->left_fd, SHUT_WR);
}

void pg_reset_left(struct pg *pg)
{
	struct linger at_once = {.l_onoff = 1};

	if (pg->left_fd < 0)
		return;
	setsockopt(pg->left_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(pg->left_fd);
	pg->left_fd = -1;
}

/* The server may go on with what we do not wait for any longer; a new connection beside it would be one too many.
 * Its own time-out ends the query, or its next look at the connection. */
static int give_up(struct pg *pg, int64_t asked_ns, struct err *err)
{
	int64_t by_timeout = asked_ns + (pg_statement_timeout_ms(pg) + LEAVE_MS) * NS_PER_MS;
	int64_t by_check = clock_mono_ns() + CHECK_MS * NS_PER_MS;

	if (pg->kind == PG_SERVER)
		pg->ended_ns = pg->startup == STARTUP_FULL && by_check < by_timeout ? by_check : by_timeout;
	leave(pg);
	return pg_fail(pg, PG_TIMEOUT, err, "no answer before the deadline");
}

/* Settings in the startup packet may be swallowed on the way by a pooler that was told to ignore them. */
static int check_startup(struct pg *pg, PGconn *conn, int64_t deadline_ns, struct err *err)
{
	struct arena a = {0};
	struct pg_rows rows = {0};
	int rc = pg_exchange(pg, conn, &a, "SHOW lock_timeout", deadline_ns, &rows, err);

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
		if (pg_ask(pg, pg->conn, a, rq, rows, err) == 0)
			return 0;
		/* In a transaction that could not be ended everything would fail from now on */
		if (pg_usable(pg, pg->conn) && PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
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

static int ask(struct pg *pg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out, struct err *err)
{
	struct pg_rows *rows = ARENA_NEW(a, struct pg_rows);
	int64_t started = clock_mono_ns();
	const struct pg_rest *resting = rest_of(pg, rq->name);

	if (resting)
		return pg_fail(pg, PG_RESTING, err, "timed out lately and rests for %d more scrapes", resting->runs);
	if (started >= rq->deadline_ns)
		return pg_fail(pg, PG_TIMEOUT, err, "no time was left for it");
	if (ask_again(pg, a, rq, rows, err) < 0) {
		if (was_slow(pg, rq, started))
			rest(pg, rq->name);
		return -1;
	}
	rows->asked_ns = started;
	pg->answered = true;
	*out = rows;
	return 0;
}

static const char *least_sql(const struct pg *pg)
{
	return pg->kind == PG_CONSOLE ? "SHOW VERSION" : "SELECT 1";
}

static bool is_young(const struct pg_kept *kept, const struct pg_request *rq, int64_t now)
{
	return kept->rows && now - kept->asked_ns < rq->min_interval_ns;
}

/* A kept reply says nothing about whether the server is there now: where no other one has come in this run, the least
 * there is to ask tells. It may also find that the connection, and so the kept reply, is lost. */
int pg_query(struct pg *pg, struct arena *a, const struct pg_request *rq, const struct pg_rows **out, struct err *err)
{
	int64_t now = clock_mono_ns();
	struct pg_kept *kept;

	if (pg->answer)
		return pg->answer(pg->answer_arg, a, rq, out, err);
	if (!rq->min_interval_ns)
		return ask(pg, a, rq, out, err);
	kept = pg_kept(pg, rq->name);
	if (!pg->answered && is_young(kept, rq, now) &&
	    ask(pg, a, &(struct pg_request){.name = "alive", .sql = least_sql(pg), .deadline_ns = rq->deadline_ns}, out,
	        err) < 0)
		return -1;
	if (!is_young(kept, rq, now)) {
		kept->rows = NULL;
		arena_reset(&kept->arena);
		if (ask(pg, &kept->arena, rq, &kept->rows, err) < 0)
			return -1;
		kept->asked_ns = now;
	}
	*out = kept->rows;
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
	struct pg_request rq = {.name = "login", .sql = least_sql(pg), .deadline_ns = deadline_ns};
	int64_t start = clock_mono_ns();
	PGconn *conn = pg_dial(pg, deadline_ns, err);
	struct arena a = {0};
	struct pg_rows rows = {0};
	int rc = conn ? pg_ask(pg, conn, &a, &rq, &rows, err) : -1;

	*seconds = ns_to_seconds(clock_mono_ns() - start);
	if (conn)
		pg_part(conn, deadline_ns);
	arena_fini(&a);
	return rc;
}

int pg_login(struct pg *pg, int64_t deadline_ns, double *seconds, struct err *err)
{
	int64_t now = clock_mono_ns();

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
	if (now >= deadline_ns || pg->ended_ns > now)
		return pg_fail(pg, PG_TIMEOUT, err, "no time was left to log in");
	return try_login(pg, now + (deadline_ns - now) / 2, seconds, err);
}
