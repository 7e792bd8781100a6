/* What went wrong with PostgreSQL, in words that say what to do. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "net/pg_internal.h"

struct cause {
	const char *sign; /* SQLSTATE or its beginning, or a piece of the message */
	enum pg_failure failure;
	const char *words;
};

static const char permission[] = "permission denied (the role needs pg_monitor)";
static const char closed[] = "the connection was closed by the server";
static const char no_slot[] = "too many connections: no slot is free for another client";
static const char no_database[] = "no such database";
static const char password[] = "wrong password";
static const char rejected[] = "the server does not let this user in (pg_hba.conf, or no such role)";
static const char gone[] = "connection refused: nothing listens there";
static const char foreign[] = "what answers there does not speak PostgreSQL's protocol";
static const char tls[] = "TLS failed";
static const char no_console[] = "no console of that name there (is it PgBouncer, and database: pgbouncer?)";
static const char database[] = "a database, not PgBouncer's console (database: pgbouncer)";
static const char unreachable[] = "the network does not reach it";

static const struct cause states[] = {
	{"28P01", PG_PASSWORD, password},
	{"28", PG_REJECTED, rejected},
	{"3D000", PG_NO_DATABASE, no_database},
	{"53300", PG_TOO_MANY, no_slot},
	{"57P03", PG_STARTING, "the server is starting up, shutting down or in recovery"},
	{"57P", PG_LOST, closed},
	{"42501", PG_PERMISSION, permission},
	{"42P01", PG_MISSING, "no such table or view"},
	{"42703", PG_MISSING, "no such column"},
	{"42883", PG_MISSING, "no such function"},
	{"42704", PG_MISSING, "no such setting or object"},
	{"55P03", PG_LOCKED, "gave up waiting for a lock"},
	{"57014", PG_SLOW, "took too long and was cancelled"},
	{"40001", PG_QUERY, "cancelled by a conflict with replication's replay"},
	{0},
};

static const struct cause texts[] = {
	{"password authentication failed", PG_PASSWORD, password},
	{"SASL authentication failed", PG_PASSWORD, password},
	{"auth failed", PG_PASSWORD, password},
	{"no password supplied", PG_PASSWORD, "the server asks for a password, and none is set"},
	{"no such user", PG_REJECTED, "no such user"},
	{"not allowed", PG_REJECTED, rejected},
	{"no such database", PG_NO_DATABASE, no_database},
	{"no more connections allowed", PG_TOO_MANY, no_slot},
	{"invalid response to SSL negotiation", PG_PROTOCOL, foreign},
	{"SSL", PG_TLS, tls},
	{"certificate", PG_TLS, tls},
	{"does not exist", PG_NO_DATABASE, no_database},
	{"Connection refused", PG_REFUSED, gone},
	{"No such file or directory", PG_REFUSED, gone},
	{"unreachable", PG_UNREACHABLE, unreachable},
	{"No route to host", PG_UNREACHABLE, unreachable},
	{"timed out", PG_TIMEOUT, "no answer in time"},
	{"expected authentication request", PG_PROTOCOL, foreign},
	{"lost synchronization", PG_PROTOCOL, foreign},
	{"protocol", PG_PROTOCOL, foreign},
	{"closed the connection", PG_LOST, closed},
	{"Connection reset", PG_LOST, closed},
	{"Broken pipe", PG_LOST, closed},
	{"could not", PG_LOST, "the connection failed"},
	{"no connection to the server", PG_LOST, closed},
	{0},
};

/* What PgBouncer says, whatever the state with it; and what a PostgreSQL says that is none. */
static const struct cause console_texts[] = {
	{"not allowed", PG_REJECTED, "this user may not see the console: add it to stats_users in pgbouncer.ini"},
	{"does not exist", PG_NO_DATABASE, no_console},
	{"no such database", PG_NO_DATABASE, no_console},
	{"unrecognized configuration parameter", PG_MISSING, database},
	{"syntax error at", PG_MISSING, database},
	{"invalid command", PG_MISSING, "this PgBouncer does not know the command"},
	{0},
};

/* A role that was made again under the same name is another one: only a new login is good for anything. */
static const struct cause dropped = {"invalid role OID", PG_LOST, "the role that we logged in as was dropped"};

static const struct cause *find_cause(enum pg_kind kind, const char *state, const char *message)
{
	if (!strcmp(state, "42704") && strstr(message, dropped.sign))
		return &dropped;
	for (const struct cause *c = console_texts; kind == PG_CONSOLE && *state && c->sign; c++)
		if (strstr(message, c->sign))
			return c;
	for (const struct cause *c = states; c->sign; c++)
		if (!strncmp(state, c->sign, strlen(c->sign)))
			return c;
	for (const struct cause *c = texts; c->sign; c++)
		if ((!*state || !strncmp(state, "08", 2)) && strstr(message, c->sign))
			return c;
	return NULL;
}

/* libpq quotes pieces of addresses that it could not read. */
static void mask(char *text, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;
	char *at;

	while (len > 2 && (at = strstr(text, secret))) {
		memmove(at + 3, at + len, strlen(at + len) + 1);
		memcpy(at, "***", 3);
		if (!strcmp(secret, "***"))
			break;
	}
}

static void copy_line(char *out, size_t size, const char *line)
{
	snprintf(out, size, "%.*s", (int)strcspn(line, "\n"), line);
}

enum pg_failure pg_explain(const struct pg *pg, const char *state, const char *message, struct err *err)
{
	const struct cause *cause = find_cause(pg->kind, state, message);
	char line[160];

	copy_line(line, sizeof(line), message);
	mask(line, pg->password);
	if (cause)
		err_set(err, "%.80s: %s: %.100s", pg->server, cause->words, line);
	else
		err_set(err, "%.80s: %s%s%s", pg->server, state, *state ? ": " : "", line);
	return cause ? cause->failure : *state ? PG_QUERY : PG_LOST;
}

/* Of the last "FATAL:  28P01: message", whatever the language of its first word. */
static const char *last_state(const char *message, char state[6])
{
	const char *rest = NULL;

	for (const char *p = message; (p = strstr(p, ":  ")); p++) {
		const char *code = p + 3;
		size_t n = 0;

		while (n < 5 && (isupper((unsigned char)code[n]) || isdigit((unsigned char)code[n])))
			n++;
		if (n < 5 || code[5] != ':')
			continue;
		snprintf(state, 6, "%.5s", code);
		rest = code + 6 + strspn(code + 6, " ");
	}
	return rest;
}

enum pg_failure pg_explain_conn(const struct pg *pg, const PGconn *conn, char state[6], struct err *err)
{
	static const char failed[] = " failed: ";
	const char *message = PQerrorMessage(conn), *rest;

	*state = '\0';
	rest = last_state(message, state);
	if (!rest)
		for (const char *p = message; (p = strstr(p, failed));)
			rest = p += strlen(failed);
	return pg_explain(pg, state, rest ? rest : message, err);
}

int pg_fail(struct pg *pg, enum pg_failure failure, struct err *err, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pg->failure = failure;
	return err_set(err, "%.80s: %s", pg->server, text);
}
