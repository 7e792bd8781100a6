/* Logging in: which options are in effect, and the steps of a connection behind a deadline. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/pg_internal.h"

enum { PART_MS = 200 };

const char *const pg_sslmodes[] = {"default", "disable",   "allow",       "prefer",
                                   "require", "verify-ca", "verify-full", NULL};

static void put(struct pg_keywords *k, const char *key, const char *value)
{
	if (!value || !*value || k->n == PG_MAX_KEYWORDS)
		return;
	k->keys[k->n] = key;
	k->values[k->n++] = value;
}

/* SQLAlchemy's postgresql+asyncpg://… is postgresql://… to everybody else. */
static const char *plain_url(struct arena *a, const char *url)
{
	const char *colon = url ? strstr(url, "://") : NULL;
	const char *plus = colon ? memchr(url, '+', (size_t)(colon - url)) : NULL;

	return plus ? arena_printf(a, "%.*s%s", (int)(plus - url), url, colon) : url;
}

/* libpq would take anything else for the name of a database, and repeat it in its messages with all that is in it. */
static bool is_address(const char *text)
{
	return !strncmp(text, "postgresql://", 13) || !strncmp(text, "postgres://", 11) || strchr(text, '=');
}

/* The address that the platform's own programs use; only for a target that names nothing itself. */
static const char *url_of(struct arena *a, const struct pg_options *o)
{
	if (o->host || o->database || o->user || o->service)
		return NULL;
	return plain_url(a, getenv("DATABASE_URL"));
}

static void put_options(struct pg_keywords *k, struct arena *a, const struct pg_options *o)
{
	put(k, "service", o->service);
	put(k, "host", o->host);
	put(k, "port", o->port ? arena_printf(a, "%d", (int)o->port) : NULL);
	put(k, "dbname", o->database);
	put(k, "user", o->user);
	put(k, "password", o->password);
	put(k, "sslmode", o->sslmode ? pg_sslmodes[o->sslmode] : NULL);
	put(k, "sslrootcert", o->sslrootcert);
	put(k, "sslcert", o->sslcert);
	put(k, "sslkey", o->sslkey);
}

/* These are ours to set. */
static bool is_ours(const char *key)
{
	static const char *const ours[] = {"host",
	                                   "hostaddr",
	                                   "options",
	                                   "application_name",
	                                   "fallback_application_name",
	                                   "client_encoding",
	                                   "connect_timeout",
	                                   "target_session_attrs",
	                                   "gssencmode",
	                                   "replication",
	                                   "service"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (!strcmp(key, ours[i]))
			return true;
	return false;
}

/* All but what is ours; returns the address that stands in for the host's name. */
static const char *take_options(struct pg *pg, const PQconninfoOption *o)
{
	const char *hostaddr = NULL;

	for (; o->keyword; o++) {
		if (!strcmp(o->keyword, "hostaddr") && o->val && *o->val)
			hostaddr = arena_strdup(&pg->arena, o->val);
		if (!strcmp(o->keyword, "host") && o->val && strchr(o->val, ','))
			err_set(&pg->config_error, "%.100s: name one host; each server is a target of its own", o->val);
		if (o->val && !is_ours(o->keyword))
			put(&pg->keywords, arena_strdup(&pg->arena, o->keyword), arena_strdup(&pg->arena, o->val));
	}
	return hostaddr;
}

static void take_effective(struct pg *pg, PGconn *conn)
{
	PQconninfoOption *options = PQconninfo(conn);
	const char *password = PQpass(conn), *hostaddr;

	if (!options)
		abort();
	hostaddr = take_options(pg, options);
	PQconninfoFree(options);
	pg->host = arena_strdup(&pg->arena, PQhost(conn));
	pg->port = arena_strdup(&pg->arena, PQport(conn));
	pg->database = arena_strdup(&pg->arena, PQdb(conn) ? PQdb(conn) : "");
	pg->user = arena_strdup(&pg->arena, PQuser(conn) ? PQuser(conn) : "");
	pg->password = password && *password ? arena_strdup(&pg->arena, password) : NULL;
	pg->by_name = !hostaddr && *pg->host && !strchr("/@", *pg->host);
	pg->server = arena_printf(&pg->arena, "%s:%s", pg->host, pg->port);
	put(&pg->keywords, "hostaddr", hostaddr);
	if (strchr(pg->host, ','))
		err_set(&pg->config_error, "%.100s: name one host; each server is a target of its own", pg->host);
}

static const char url_help[] =
	"DATABASE_URL: not understood; it is postgresql://user:password@host/database, with "
	"% @ : / ? # in the password written as %25 %40 %3A %2F %3F %23";

/* libpq knows what service files, the environment and URLs mean, and tells only for a connection. This one ends
 * before it has begun: its last option is wrong. */
static void take_asked(struct pg *pg, const struct pg_options *o, const char *url)
{
	static const char stopper[] = "target_session_attrs";
	struct pg_keywords asked = {0};
	PGconn *conn;

	put(&asked, "dbname", url);
	put_options(&asked, &pg->arena, o);
	put(&asked, stopper, "none");
	conn = PQconnectStartParams(asked.keys, asked.values, url != NULL);
	if (!conn)
		abort();
	if (strstr(PQerrorMessage(conn), stopper))
		take_effective(pg, conn);
	else if (url)
		err_set(&pg->config_error, "%s", url_help);
	else
		pg_explain(pg, "", PQerrorMessage(conn), &pg->config_error);
	PQfinish(conn);
}

/* An address in a field would be repeated, with its password, in each message that names the field. */
static const char *misplaced(const struct pg_options *o)
{
	if (o->host && strstr(o->host, "://"))
		return "host";
	return o->database && strstr(o->database, "://") ? "database" : NULL;
}

void pg_configure(struct pg *pg, const struct pg_options *o)
{
	const char *url = url_of(&pg->arena, o), *field = misplaced(o);

	pg->server = o->host && !field ? o->host : "PostgreSQL";
	pg->database = "";
	pg->password = o->password;
	if (field)
		err_set(&pg->config_error,
		        "%s: an address; write its parts into host, port, database, user and password", field);
	else if (url && !is_address(url))
		err_set(&pg->config_error, "%s", url_help);
	else
		take_asked(pg, o, url);
}

bool pg_wait(PGconn *conn, short events, int64_t deadline_ns)
{
	struct pollfd fd = {.fd = PQsocket(conn), .events = events};
	int64_t left;
	int n;

	do {
		struct timespec ts;

		left = deadline_ns - clock_mono_ns();
		if (left <= 0)
			return false;
		ts = (struct timespec){left / NS_PER_S, left % NS_PER_S};
		n = ppoll(&fd, 1, &ts, NULL);
	} while (n < 0 && errno == EINTR);
	return n != 0;
}

static const char *startup_options(struct arena *a, const struct pg *pg)
{
	if (pg->kind == PG_CONSOLE || pg->startup == STARTUP_NONE)
		return NULL;
	return arena_printf(a,
	                    "-c default_transaction_read_only=on -c statement_timeout=%d -c lock_timeout=100 "
	                    "-c idle_in_transaction_session_timeout=10000 -c jit=off "
	                    "-c tcp_keepalives_idle=60 -c tcp_keepalives_interval=10%s",
	                    (int)pg_statement_timeout_ms(pg),
	                    pg->startup == STARTUP_FULL ? " -c client_connection_check_interval=1000" : "");
}

/* host=db,db hostaddr=::1,127.0.0.1: libpq tries one after the other, and compares the certificate with the name. */
static int put_address(struct pg *pg, struct pg_keywords *k, struct arena *a, int64_t deadline_ns, struct err *err)
{
	const char *hosts = pg->host, *addresses;
	struct addresses found = {0};
	bool late;

	if (!pg->by_name) {
		put(k, "host", hosts);
		return 0;
	}
	if (resolve(pg->resolver, pg->host, deadline_ns, &found, &late, err) < 0) {
		pg->failure = late ? PG_TIMEOUT : PG_DNS;
		return -1;
	}
	addresses = found.text[0];
	for (size_t i = 1; i < found.n; i++) {
		hosts = arena_printf(a, "%s,%s", hosts, pg->host);
		addresses = arena_printf(a, "%s,%s", addresses, found.text[i]);
	}
	put(k, "host", hosts);
	put(k, "hostaddr", arena_strdup(a, addresses));
	return 0;
}

static void ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

static PGconn *begin(struct pg *pg, int64_t deadline_ns, struct err *err)
{
	struct pg_keywords k = pg->keywords;
	struct arena scratch = {0};
	PGconn *conn = NULL;

	if (put_address(pg, &k, &scratch, deadline_ns, err) == 0) {
		put(&k, "application_name", "vedette");
		put(&k, "client_encoding", pg->kind == PG_SERVER ? "UTF8" : NULL);
		put(&k, "gssencmode", "disable");
		put(&k, "options", startup_options(&scratch, pg));
		conn = PQconnectStartParams(k.keys, k.values, 0);
		if (!conn)
			abort();
		PQsetNoticeReceiver(conn, ignore_notice, NULL);
		PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); /* the only way to the SQLSTATE of a failed login */
	}
	arena_fini(&scratch);
	return conn;
}

/* NULL, and the SQLSTATE, when it failed. */
static PGconn *step_through(struct pg *pg, PGconn *conn, int64_t deadline_ns, char state[6], struct err *err)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;

	if (PQstatus(conn) == CONNECTION_BAD)
		next = PGRES_POLLING_FAILED;
	while (next == PGRES_POLLING_WRITING || next == PGRES_POLLING_READING) {
		if (!pg_wait(conn, next == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, deadline_ns)) {
			pg_fail(pg, PG_TIMEOUT, err, "no answer to our login before the deadline");
			PQfinish(conn);
			return NULL;
		}
		next = PQconnectPoll(conn);
		if (next != PGRES_POLLING_FAILED && PQstatus(conn) != CONNECTION_STARTED)
			pg_reset_left(pg);
	}
	if (next == PGRES_POLLING_OK && PQsetnonblocking(conn, 1) == 0)
		return conn;
	pg->failure = pg_explain_conn(pg, conn, state, err);
	PQfinish(conn);
	return NULL;
}

/* Whether another login with fewer options makes sense. */
static bool ask_for_less(struct pg *pg, const char *state, const struct err *err)
{
	bool unknown = !strcmp(state, "42704") || !strcmp(state, "22023");

	if (pg->kind == PG_CONSOLE || pg->startup == STARTUP_NONE)
		return false;
	if (unknown && pg->startup == STARTUP_FULL)
		pg->startup = STARTUP_OLD;
	else if (unknown || strstr(err->text, "startup parameter"))
		pg->startup = STARTUP_NONE;
	else
		return false;
	return true;
}

PGconn *pg_dial(struct pg *pg, int64_t deadline_ns, struct err *err)
{
	char state[6];
	PGconn *conn;

	do {
		*state = '\0';
		conn = begin(pg, deadline_ns, err);
		if (!conn)
			return NULL;
		conn = step_through(pg, conn, deadline_ns, state, err);
	} while (!conn && ask_for_less(pg, state, err));
	return conn;
}

void pg_part(PGconn *conn, int64_t deadline_ns)
{
	int64_t until = clock_mono_ns() + PART_MS * NS_PER_MS;
	int CLEANUP_FD fd = PQsocket(conn) < 0 ? -1 : dup(PQsocket(conn));
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char trash[256];

	PQfinish(conn);
	if (until > deadline_ns)
		until = deadline_ns;
	while (fd >= 0 && until > clock_mono_ns()) {
		int ms = (int)((until - clock_mono_ns()) / NS_PER_MS);

		if (poll(&pfd, 1, ms < 0 ? 0 : ms) == 0 || recv(fd, trash, sizeof(trash), MSG_DONTWAIT) <= 0)
			break;
	}
}
