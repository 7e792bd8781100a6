/* The pool view of applications that connect by themselves: each pool's sessions, as the server sees them.
 *
 * It holds while the application hangs. What only the pool itself knows (who waits, who gave up) is absent; so is a
 * connection that the application holds without a transaction: the server shows it as idle. All sessions are asked for
 * in groups and told apart here, so that no name is ever pasted into SQL. */
#include <string.h>

#include "collect/db_pool.h"
#include "exporters/postgres/common_pools.h"
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	DB_POOL_METRICS,
	{"vedette_db_pool_longest_hold_seconds",
         "For how long the oldest transaction of the pool has held its connection; 0: there is none.", METRIC_GAUGE,
         "pool"},
	{0},
};

enum { LONGEST_HOLD = DB_POOL_TIMEOUTS + 1 };

/* All that pg_stat_activity can say of a client. Disabled: the server does not track it, nor its transactions. The last
 * one stands for what we are not allowed to see. */
static const char *const states[] = {
	"active",   "idle",   "idle in transaction", "idle in transaction (aborted)", "fastpath function call",
	"disabled", "unknown"};

enum { STATES = ARRAY_LEN(states), DISABLED = STATES - 2, UNKNOWN = STATES - 1 };

enum { APPLICATION_NAME, USER, DATABASE, STATE, COUNT, HELD, COLUMNS };

/* Workers of a parallel query show their leader's names, but are no connections. */
static const char sql[] =
	"SELECT application_name, usename, datname, state, count(*), "
	"max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity "
	"WHERE COALESCE(backend_type, 'client backend') = 'client backend' GROUP BY 1, 2, 3, 4";

struct pool_state {
	double connections[STATES], held;
};

static bool fits(const char *wanted, const char *is)
{
	return !wanted || (is && !strcmp(wanted, is));
}

static bool is_of(const struct pg_pool *pool, const struct pg_rows *rows, size_t row)
{
	return fits(pool->application_name, pg_text(rows, row, APPLICATION_NAME)) &&
	       fits(pool->user, pg_text(rows, row, USER)) && fits(pool->database, pg_text(rows, row, DATABASE));
}

static size_t state_of(const struct pg_rows *rows, size_t row)
{
	const char *state = pg_text(rows, row, STATE);
	size_t i = 0;

	while (i < UNKNOWN && (!state || strcmp(states[i], state) != 0))
		i++;
	return i;
}

static struct pool_state count(const struct pg_pool *pool, const struct pg_rows *rows)
{
	struct pool_state out = {.held = 0};
	double n, held;

	for (size_t row = 0; row < pg_rows_count(rows); row++) {
		if (!is_of(pool, rows, row) || !pg_number(rows, row, COUNT, &n))
			continue;
		out.connections[state_of(rows, row)] += n;
		if (pg_number(rows, row, HELD, &held) && held > out.held)
			out.held = held;
	}
	return out;
}

/* Where some states are hidden from us, no other is said to be 0. */
static void add_pool(const struct pg_pool *pool, const struct pool_state *now, struct sample_set *set)
{
	bool all_seen = now->connections[UNKNOWN] == 0;

	for (size_t i = 0; i < STATES; i++)
		if (now->connections[i] > 0 || (all_seen && i != UNKNOWN))
			sample_add(set, &metrics[DB_POOL_CONNECTIONS], now->connections[i],
			           LABELS({"pool", pool->name}, {"state", states[i]}));
	if (all_seen && now->connections[DISABLED] == 0)
		sample_add(set, &metrics[LONGEST_HOLD], now->held, LABELS({"pool", pool->name}));
	if (pool->max)
		sample_add(set, &metrics[DB_POOL_MAX_CONNECTIONS], (double)pool->max, LABELS({"pool", pool->name}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct pg_target *target = p->target;
	const struct pg_pool *pools = target->pools.items;
	const struct pg_rows *rows;
	const char *hidden = NULL;

	if (!target->pools.n)
		return 0;
	if (probe_ask(p, "pools", sql, &rows, err) < 0)
		return -1;
	if (pg_columns(rows) != COLUMNS)
		return err_set(err, "pools: %zu columns instead of %d", pg_columns(rows), COLUMNS);
	for (size_t i = 0; i < target->pools.n; i++) {
		struct pool_state now = count(&pools[i], rows);

		add_pool(&pools[i], &now, set);
		hidden = now.connections[UNKNOWN] > 0 ? pools[i].name : hidden;
	}
	if (hidden)
		return err_set(err, "pool %.80s: the states of its sessions are hidden; GRANT pg_monitor to our role",
		               hidden);
	return 0;
}

const struct collector collector_postgres_pools = {
	.name = "pools",
	.help = "Connections of the application pools that the settings name, by state.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
