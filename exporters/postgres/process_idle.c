/* How long idle sessions have been idle, as a histogram: connections that nobody needs show in its tail. */
#include "exporters/postgres/common_sql.h"

static const struct metric_desc metrics[] = {
	{"pg_process_idle_seconds", "Time since sessions became idle.", METRIC_HISTOGRAM, "application_name,state"},
	{0},
};

static const char *const bounds[] = {"1", "2", "5", "15", "30", "60", "90", "120", "300"};

/* In the order of bounds, then count, then sum. */
static const char sql[] =
	"SELECT application_name, state, count(*) FILTER (WHERE s <= 1), count(*) FILTER (WHERE s <= 2), "
	"count(*) FILTER (WHERE s <= 5), count(*) FILTER (WHERE s <= 15), count(*) FILTER (WHERE s <= 30), "
	"count(*) FILTER (WHERE s <= 60), count(*) FILTER (WHERE s <= 90), count(*) FILTER (WHERE s <= 120), "
	"count(*) FILTER (WHERE s <= 300), count(*), sum(s) "
	"FROM (SELECT application_name, state, extract(epoch FROM clock_timestamp() - state_change) AS s "
	"FROM pg_stat_activity WHERE state LIKE 'idle%') idle GROUP BY 1, 2 ORDER BY 12 DESC, 1, 2 LIMIT 100";

enum { COUNT = 2 + ARRAY_LEN(bounds), SUM, COLUMNS };

static double number(const struct pg_rows *rows, size_t row, size_t column)
{
	double value;

	return pg_number(rows, row, (int)column, &value) ? value : 0;
}

static void add_row(const struct pg_rows *rows, size_t row, struct sample_set *set)
{
	const char *application = pg_text(rows, row, 0), *state = pg_text(rows, row, 1);
	struct label labels[] = {
		{"application_name", application ? application : ""}, {"state", state ? state : ""}, {"le"}};

	for (size_t i = 0; i <= ARRAY_LEN(bounds); i++) {
		labels[2].value = i < ARRAY_LEN(bounds) ? bounds[i] : "+Inf";
		sample_add_part(set, &metrics[0], SUFFIX_BUCKET, number(rows, row, 2 + i), labels, 3);
	}
	sample_add_part(set, &metrics[0], SUFFIX_SUM, number(rows, row, SUM), labels, 2);
	sample_add_part(set, &metrics[0], SUFFIX_COUNT, number(rows, row, COUNT), labels, 2);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct pg_rows *rows;

	if (probe_ask(p, "process_idle", sql, &rows, err) < 0)
		return -1;
	if (pg_columns(rows) != COLUMNS)
		return err_set(err, "process_idle: %zu columns instead of %d", pg_columns(rows), COLUMNS);
	for (size_t row = 0; row < pg_rows_count(rows); row++)
		add_row(rows, row, set);
	return 0;
}

const struct collector collector_postgres_process_idle = {
	.name = "process_idle",
	.help = "How long idle sessions have been idle.",
	.target = TARGET_PG,
	.metrics = metrics,
	.collect = collect,
};
