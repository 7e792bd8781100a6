/* Rows of a reply, copied into the caller's arena. */
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/scan.h"
#include "net/pg_internal.h"

static const char **add_row(struct arena *a, struct pg_rows *rows)
{
	if (rows->n == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 16;
		const char ***more = ARENA_ARRAY(a, const char **, room);

		if (rows->n)
			memcpy(more, rows->rows, rows->n * sizeof(*more));
		rows->rows = more;
		rows->room = room;
	}
	return rows->rows[rows->n++] = ARENA_ARRAY(a, const char *, rows->columns + 1);
}

static void take_names(struct arena *a, struct pg_rows *rows, const PGresult *result)
{
	rows->columns = (size_t)PQnfields(result);
	rows->names = ARENA_ARRAY(a, const char *, rows->columns + 1);
	for (size_t i = 0; i < rows->columns; i++)
		rows->names[i] = arena_strdup(a, PQfname(result, (int)i));
}

/* All values of a row in one piece: most are a digit or two. */
static bool take_row(struct arena *a, struct pg_rows *rows, const PGresult *result, int row)
{
	int columns = PQnfields(result) < (int)rows->columns ? PQnfields(result) : (int)rows->columns;
	size_t bytes = 0;
	const char **values;
	char *text;

	for (int i = 0; i < columns; i++)
		bytes += (size_t)PQgetlength(result, row, i) + 1;
	rows->bytes += bytes + (rows->columns + 2) * sizeof(*values);
	if (rows->bytes > PG_REPLY_MAX)
		return false;
	values = add_row(a, rows);
	text = arena_alloc(a, bytes);
	for (int i = 0; i < columns; i++) {
		size_t size = (size_t)PQgetlength(result, row, i) + 1;

		if (PQgetisnull(result, row, i))
			continue;
		values[i] = memcpy(text, PQgetvalue(result, row, i), size);
		text += size;
	}
	return true;
}

bool pg_rows_take(struct arena *a, struct pg_rows *rows, const PGresult *result)
{
	if (!rows->names)
		take_names(a, rows, result);
	for (int row = 0; row < PQntuples(result); row++)
		if (!take_row(a, rows, result, row))
			return false;
	return true;
}

double pg_rows_age(const struct pg_rows *rows)
{
	return rows->asked_ns ? ns_to_seconds(clock_mono_ns() - rows->asked_ns) : 0;
}

size_t pg_rows_count(const struct pg_rows *rows)
{
	return rows->n;
}

size_t pg_columns(const struct pg_rows *rows)
{
	return rows->columns;
}

const char *pg_column_name(const struct pg_rows *rows, size_t column)
{
	return rows->names[column];
}

int pg_column(const struct pg_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->columns; i++)
		if (!strcmp(rows->names[i], name))
			return (int)i;
	return -1;
}

const char *pg_text(const struct pg_rows *rows, size_t row, int column)
{
	return rows->rows[row][column];
}

bool pg_number(const struct pg_rows *rows, size_t row, int column, double *out)
{
	const char *text = pg_text(rows, row, column);

	if (!text)
		return false;
	if (*text >= '0' && *text <= '9') /* what most are */
		return num_parse_double(text, strlen(text), out);
	if (!strcmp(text, "t") || !strcmp(text, "f")) {
		*out = *text == 't';
		return true;
	}
	/* "Infinity" and "-Infinity" are how PostgreSQL writes them */
	if (!strcmp(text, "Infinity") || !strcmp(text, "-Infinity"))
		return num_parse_double(*text == '-' ? "-Inf" : "+Inf", 4, out);
	return num_parse_double(text, strlen(text), out);
}

bool pg_integer(const struct pg_rows *rows, size_t row, int column, int64_t *out)
{
	const char *text = pg_text(rows, row, column);

	return text && num_parse_i64(text, strlen(text), out);
}

static size_t parse_line(struct arena *a, struct span line, const char **out, size_t room)
{
	struct span value;
	size_t n = 0;
	bool more;

	do {
		more = scan_until(&line, '\t', &value);
		if (!more)
			value = line;
		if (n < room)
			out[n] = span_eq(value, "\\N") ? NULL : arena_strndup(a, value.s, value.len);
		n++;
	} while (more);
	return n;
}

int pg_rows_parse(struct arena *a, const char *text, const struct pg_rows **out, struct err *err)
{
	struct pg_rows *rows = ARENA_NEW(a, struct pg_rows);
	struct span rest = span_of(text), line;

	if (!scan_line(&rest, &line))
		return err_set(err, "rows: the line with the names is missing");
	rows->columns = parse_line(a, line, NULL, 0);
	rows->names = ARENA_ARRAY(a, const char *, rows->columns + 1);
	parse_line(a, line, rows->names, rows->columns);
	for (size_t i = 0; i < rows->columns; i++)
		if (!rows->names[i])
			return err_set(err, "rows: column %zu has no name", i + 1);
	while (scan_line(&rest, &line)) {
		size_t n = parse_line(a, line, add_row(a, rows), rows->columns);

		if (n != rows->columns)
			return err_set(err, "rows: line %zu has %zu values for %zu names", rows->n + 1, n,
			               rows->columns);
	}
	*out = rows;
	return 0;
}
