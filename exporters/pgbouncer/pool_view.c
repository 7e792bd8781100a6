/* The pool view of PgBouncer's pools: what is open, what may be, who waits.
 *
 * A pool is called "database/user", as PgBouncer has one for each such pair. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "collect/db_pool.h"
#include "exporters/pgbouncer/common_show.h"

static const struct metric_desc metrics[] = {
	DB_POOL_METRICS,
	{0},
};

/* Every connection that is not idle is at work, or soon will be. */
enum { ACTIVE, IDLE, LOGIN, TESTING, CANCELING, STATES };

static const char *const states[STATES] = {"active", "idle", "login", "testing", "canceling"};

static const struct {
	const char *column;
	int state;
} state_columns[] = {
	{"sv_active", ACTIVE},
	{"sv_idle", IDLE},
	{"sv_used", IDLE}, /* for longer */
	{"sv_login", LOGIN},
	{"sv_tested", TESTING},
	{"sv_active_cancel", CANCELING},
	{"sv_being_canceled", CANCELING},
};

struct pool {
	const char *name, *database, *user;
	size_t row;
};

/* What tells how large a pool may become. */
struct limits {
	const struct pg_rows *databases, *users;
	double max_user; /* of each user, where PgBouncer does not say it with the users; 0: no limit */
};

static const char *text_of(const struct pg_rows *rows, size_t row, const char *column)
{
	int at = pg_column(rows, column);
	const char *text = at < 0 ? NULL : pg_text(rows, row, at);

	return text ? text : "";
}

/* SHOW USERS pads some numbers with spaces. */
static bool number_of(const struct pg_rows *rows, size_t row, const char *column, double *out)
{
	struct span text = span_trim(span_of(text_of(rows, row, column)));

	return num_parse_double(text.s, text.len, out);
}

static bool find_row(const struct pg_rows *rows, const char *column, const char *name, size_t *out)
{
	int at = pg_column(rows, column);

	for (*out = 0; at >= 0 && *out < pg_rows_count(rows); ++*out) {
		const char *text = pg_text(rows, *out, at);

		if (text && !strcmp(text, name))
			return true;
	}
	return false;
}

/* Of two limits the smaller one; 0 is none. */
static double smaller(double a, double b)
{
	return a <= 0 ? b : b <= 0 || a < b ? a : b;
}

/* The most connections of one pool; 0: there is no limit, or nobody tells. What is said of a user goes before what is
 * said of a database, but the limits of all pools of a database or user together hold as well. A database that came by
 * the wildcard may be missing: PgBouncer (1.18) lists it no longer when its janitor came by while the first client was
 * still logging in. */
static double most_connections(const struct limits *l, const struct pool *pool)
{
	double size = 0, reserve = 0, of_database = 0, of_user = l->max_user;
	size_t row;

	if (find_row(l->databases, "name", pool->database, &row)) {
		number_of(l->databases, row, "pool_size", &size);
		number_of(l->databases, row, "reserve_pool", &reserve);      /* before 1.24 */
		number_of(l->databases, row, "reserve_pool_size", &reserve); /* from then on */
		number_of(l->databases, row, "max_connections", &of_database);
	}
	if (find_row(l->users, "name", pool->user, &row)) {
		number_of(l->users, row, "pool_size", &size);
		number_of(l->users, row, "reserve_pool_size", &reserve);
		number_of(l->users, row, "max_user_connections", &of_user);
	}
	return smaller(size > 0 ? size + reserve : 0, smaller(of_database, of_user));
}

static int compare_pools(const void *left, const void *right)
{
	const struct pool *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	return order ? order : (a->row > b->row) - (a->row < b->row);
}

static struct pool *sorted_pools(struct arena *a, const struct pg_rows *rows, size_t *n)
{
	struct pool *pools = ARENA_ARRAY(a, struct pool, pg_rows_count(rows) + 1);

	*n = 0;
	for (size_t row = 0; row < pg_rows_count(rows); row++) {
		struct pool *pool = &pools[*n];

		*pool = (struct pool){.database = text_of(rows, row, "database"), .row = row};
		pool->user = text_of(rows, row, "user");
		pool->name = show_label(a, arena_printf(a, "%s/%s", pool->database, pool->user));
		*n += strcmp(pool->database, "pgbouncer") != 0; /* the console itself */
	}
	qsort(pools, *n, sizeof(*pools), compare_pools);
	return pools;
}

/* The sum of a column over rows; false: there is no such column. */
static bool sum(const struct pg_rows *rows, const struct pool *pools, size_t n, const char *column, double *out)
{
	bool any = false;
	double value;

	for (size_t i = 0; i < n; i++)
		if (number_of(rows, pools[i].row, column, &value)) {
			*out += value;
			any = true;
		}
	return any;
}

/* The pool that these rows, mostly one, make up. */
static void add_pool(const struct pg_rows *rows, const struct pool *pools, size_t n, const struct limits *limits,
                     struct sample_set *set)
{
	double connections[STATES] = {0}, waiting = 0, most = limits->databases ? most_connections(limits, pools) : 0;
	bool known[STATES] = {false};

	for (size_t i = 0; i < ARRAY_LEN(state_columns); i++) {
		int state = state_columns[i].state;

		known[state] |= sum(rows, pools, n, state_columns[i].column, &connections[state]);
	}
	for (int i = 0; i < STATES; i++)
		if (known[i])
			sample_add(set, &metrics[DB_POOL_CONNECTIONS], connections[i],
			           LABELS({"pool", pools->name}, {"state", states[i]}));
	if (most > 0)
		sample_add(set, &metrics[DB_POOL_MAX_CONNECTIONS], most, LABELS({"pool", pools->name}));
	if (sum(rows, pools, n, "cl_waiting", &waiting))
		sample_add(set, &metrics[DB_POOL_WAITING], waiting, LABELS({"pool", pools->name}));
}

/* Before 1.23 the limit of users stands in the configuration only. */
static int ask_limits(struct probe *p, struct limits *l, struct err *err)
{
	const struct pg_rows *config;
	size_t row;

	if (probe_ask(p, "databases", "SHOW DATABASES", &l->databases, err) < 0 ||
	    probe_ask(p, "users", "SHOW USERS", &l->users, err) < 0)
		return -1;
	if (pg_column(l->users, "max_user_connections") >= 0)
		return 0;
	if (probe_ask(p, "config", "SHOW CONFIG", &config, err) < 0)
		return -1;
	if (find_row(config, "key", "max_user_connections", &row))
		number_of(config, row, "value", &l->max_user);
	return 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct limits limits = {0};
	const struct pg_rows *rows;
	struct pool *pools;
	size_t n;
	int rc;

	if (probe_ask(p, "pools", "SHOW POOLS", &rows, err) < 0)
		return -1;
	rc = ask_limits(p, &limits, err);
	if (rc < 0)
		limits = (struct limits){0};
	pools = sorted_pools(p->arena, rows, &n);
	for (size_t i = 0, same; i < n; i += same) {
		for (same = 1; i + same < n && !strcmp(pools[i].name, pools[i + same].name);)
			same++;
		add_pool(rows, &pools[i], same, &limits, set);
	}
	return rc;
}

const struct collector collector_pgbouncer_pool_view = {
	.name = "pool_view",
	.help = "Connections, limit and waiting clients of each pool, called database/user.",
	.target = TARGET_PGBOUNCER,
	.metrics = metrics,
	.collect = collect,
};
