/* One query of the settings, asked now: its rows as a table, then its samples, or what is wrong with it. */
#include <stdio.h>
#include <string.h>

#include "cmd_scrape_query.h"
#include "exporters/sql/common_query.h"
#include "metric/exposition.h"

enum { ROWS_SHOWN = 50, WIDTH = 40 };

static const char *cell(const struct pg_rows *rows, size_t row, size_t column)
{
	const char *text = row ? pg_text(rows, row - 1, (int)column) : pg_column_name(rows, column);

	return text ? text : "(null)";
}

/* What would break the table, or do worse to a terminal, is a question mark. */
static void print_cell(const char *text, size_t width, bool last)
{
	size_t n = 0;

	for (; *text && n < WIDTH; text++, n++)
		putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
	if (*text)
		fputs("…", stdout);
	else if (!last)
		printf("%*s", (int)(width - n), "");
	fputs(last ? "\n" : "  ", stdout);
}

/* Row 0 is the header. */
static void print_rows(struct arena *a, const struct pg_rows *rows)
{
	size_t columns = pg_columns(rows), n = pg_rows_count(rows), shown = n < ROWS_SHOWN ? n : ROWS_SHOWN;
	size_t *widths = ARENA_ARRAY(a, size_t, columns + 1);

	for (size_t row = 0; row <= shown; row++)
		for (size_t i = 0; i < columns; i++) {
			size_t len = strlen(cell(rows, row, i));

			widths[i] = len > widths[i] ? len : widths[i];
		}
	for (size_t row = 0; row <= shown; row++)
		for (size_t i = 0; i < columns; i++)
			print_cell(cell(rows, row, i), widths[i] < WIDTH ? widths[i] : WIDTH + 1, i + 1 == columns);
	printf("(%zu rows%s)\n\n", n, shown < n ? "; the first are shown" : "");
}

static int ask(struct probe *p, const struct attachment *item, struct sample_set *set, struct err *err)
{
	const struct sample_set *sets[] = {set};
	struct buf CLEANUP_BUF out = {0};
	const struct pg_rows *rows;

	if (query_ask(p, item, &rows, err) < 0)
		return -1;
	print_rows(p->arena, rows);
	if (query_add(p->arena, item, rows, set, err) < 0)
		return -1;
	exposition_write(&out, EXPOSITION_TEXT, p->arena, sets, 1);
	fwrite(out.data ? out.data : "", 1, out.len, stdout);
	return 0;
}

static enum exit_status ask_target(const struct target *target, const struct attachment *item, int64_t timeout_ns)
{
	struct arena a = {0};
	struct sample_set set;
	struct err err = {""};
	struct probe probe = {.arena = &a, .deadline_ns = clock_mono_ns() + timeout_ns};
	int rc;

	if (target->name)
		printf("# target %s\n", target->name);
	probe.pg = pg_new(target->config, PG_SERVER);
	pg_begin(probe.pg);
	sample_set_init(&set, &a, target->name);
	rc = ask(&probe, item, &set, &err);
	fflush(stdout);
	if (rc < 0)
		fprintf(stderr, "vedette: %s: %s\n", item->name, err.text);
	pg_free(probe.pg);
	arena_fini(&a);
	return rc < 0 ? EXIT_WRONG : EXIT_DONE;
}

/* The queries of a target; NULL: it has none. */
static const struct attachments *queries_of(const struct target *t)
{
	for (size_t i = 0; i < t->n_collectors; i++)
		if (t->collectors[i].attached && !strcmp(t->collectors[i].attached->name, "sql"))
			return t->collectors[i].config;
	return NULL;
}

static void print_known(const struct settings *s, const char *name)
{
	fprintf(stderr, "vedette: there is no query %.64s in the settings; there is:", name);
	for (size_t i = 0; i < s->n_targets; i++) {
		const struct attachments *all = queries_of(&s->targets[i]);

		for (size_t k = 0; all && k < all->n; k++)
			fprintf(stderr, " %s", all->items[k].name);
	}
	fputs("\n", stderr);
}

enum exit_status scrape_query(const struct settings *s, const char *name)
{
	enum exit_status status = EXIT_DONE;
	size_t found = 0;

	for (size_t i = 0; i < s->n_targets; i++) {
		const struct attachments *all = queries_of(&s->targets[i]);

		for (size_t k = 0; all && k < all->n; k++) {
			if (strcmp(all->items[k].name, name) != 0)
				continue;
			found++;
			if (ask_target(&s->targets[i], &all->items[k], s->web.scrape_timeout) != EXIT_DONE)
				status = EXIT_WRONG;
		}
	}
	if (!found)
		print_known(s, name);
	return found ? status : EXIT_WRONG;
}
