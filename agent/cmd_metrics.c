/* The reference of all metrics, from the very tables that emit them. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "command.h"
#include "exporters/registry.h"
#include "logs/log_metrics.h"
#include "logs/pipeline.h"
#include "web/web.h"

struct row {
	const struct metric_desc *desc;
	const char *source; /* the collector, or "agent" */
};

static void markdown_row(struct buf *out, const struct row *row)
{
	buf_printf(out, "| `%s` | %s | %s | %s | %s |\n", row->desc->name, metric_type_name(row->desc->type),
	           row->desc->labels ? row->desc->labels : "", row->source, row->desc->help);
}

static void json_row(struct buf *out, const struct row *row, bool first)
{
	buf_puts(out, first ? "  {\"name\": " : ",\n  {\"name\": ");
	buf_json(out, row->desc->name);
	buf_printf(out, ", \"type\": \"%s\", \"pattern\": %s, \"labels\": ", metric_type_name(row->desc->type),
	           row->desc->pattern ? "true" : "false");
	buf_json(out, row->desc->labels ? row->desc->labels : "");
	buf_puts(out, ", \"collector\": ");
	buf_json(out, row->source);
	buf_puts(out, ", \"help\": ");
	buf_json(out, row->desc->help);
	buf_putc(out, '}');
}

static void table(struct buf *out, bool json, const struct metric_desc *metrics, const char *source, size_t *n)
{
	for (const struct metric_desc *d = metrics; d && d->name; d++) {
		struct row row = {d, source};

		if (json)
			json_row(out, &row, *n == 0);
		else
			markdown_row(out, &row);
		++*n;
	}
}

enum exit_status cmd_metrics(const struct options *o)
{
	struct buf CLEANUP_BUF out = {0};
	size_t n = 0;

	buf_puts(&out, o->json ? "[\n"
	                       : "| name | type | labels | collector | what it says |\n"
	                         "| --- | --- | --- | --- | --- |\n");
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++)
		table(&out, o->json, rc->collector->metrics, rc->id, &n);
	table(&out, o->json, lane_metrics, "agent", &n);
	table(&out, o->json, fleet_metrics, "agent", &n);
	table(&out, o->json, web_metrics, "agent", &n);
	table(&out, o->json, log_metrics, "logs", &n);
	table(&out, o->json, plan_metrics, "logs", &n);
	buf_puts(&out, o->json ? "\n]\n" : "");
	return fwrite(out.data, 1, out.len, stdout) == out.len ? EXIT_DONE : EXIT_WRONG;
}
