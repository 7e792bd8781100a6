#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "web/internal.h"

#define SILENT_S 300.0 /* no scrape for so long: nobody watches */

/* What the page shows. */
struct view {
	struct web *web;
	const struct lane_status *rows;
	size_t n;
	struct reload_state reload;
	struct self_usage usage;
	double scraped_ago; /* seconds; negative: never */
	double uptime;
	struct page_section section;
};

static void put_span(struct buf *b, double s)
{
	if (s < 1)
		buf_printf(b, "%.0f ms", s * 1000);
	else if (s < 120)
		buf_printf(b, "%.0f s", s);
	else if (s < 7200)
		buf_printf(b, "%.0f min", s / 60);
	else if (s < 172800)
		buf_printf(b, "%.0f h", s / 3600);
	else
		buf_printf(b, "%.0f days", s / 86400);
}

static void put_took(struct buf *b, double s)
{
	if (s < 10)
		buf_printf(b, s < 0.01 ? "%.2f ms" : "%.0f ms", s * 1000);
	else
		buf_printf(b, "%.1f s", s);
}

/* "host", "postgres app", "host, filesystem" */
static void put_name(struct buf *b, const struct lane_status *r)
{
	buf_html(b, r->exporter);
	if (r->target) {
		buf_putc(b, ' ');
		buf_html(b, r->target);
	}
	if (r->lane) {
		buf_puts(b, ", ");
		buf_html(b, r->lane);
	}
}

/* A text from elsewhere, ended as a sentence is. */
static void put_sentence(struct buf *b, const char *text)
{
	size_t len = strlen(text);

	buf_html(b, text);
	buf_puts(b, len && strchr(".?!", text[len - 1]) ? " " : ". ");
}

static bool is_down(const struct lane_status *r)
{
	return r->late || (r->ever && !r->up);
}

static void put_late(struct buf *b, const struct lane_status *r)
{
	buf_puts(b, "<li class=\"bad\"><strong>");
	put_name(b, r);
	buf_puts(b, " does not answer.</strong><p>");
	if (r->ever) {
		buf_puts(b, "Its last answer came ");
		put_span(b, r->age);
		buf_puts(b, " ago. ");
	}
	buf_puts(
		b,
		"Its series are missing until it answers; everything else is served in time. Look whether it hangs, or "
		"whether a mount or the network below it does.</p></li>\n");
}

static void put_down(struct buf *b, const struct lane_status *r)
{
	buf_puts(b, "<li class=\"bad\"><strong>");
	put_name(b, r);
	buf_puts(b, r->up ? " is up, but a part of it failed." : " is down.");
	buf_puts(b, "</strong><p>");
	if (r->error)
		put_sentence(b, r->error);
	buf_puts(b, "Seen ");
	put_span(b, r->age);
	buf_puts(b, " ago");
	if (r->timeouts)
		buf_printf(b, "; %llu time-outs since the start", (unsigned long long)r->timeouts);
	buf_puts(b, ".</p></li>\n");
}

static void put_reload(struct buf *b, const struct view *v)
{
	buf_puts(b,
	         "<li class=\"bad\"><strong>The last reload was refused; the settings from before it are in "
	         "force.</strong><p>");
	if (v->reload.error)
		put_sentence(b, v->reload.error);
	buf_puts(b, "Mend the file, try it with <code>vedette check</code>, and reload.</p></li>\n");
}

static void put_silence(struct buf *b, const struct view *v)
{
	if (v->scraped_ago >= 0) {
		buf_puts(b, "<li class=\"bad\"><strong>Nobody has scraped for ");
		put_span(b, v->scraped_ago);
		buf_puts(b,
		         ".</strong><p>What is below is as old. Look whether Prometheus runs and reaches this "
		         "address.</p></li>\n");
	} else {
		buf_puts(b,
		         "<li class=\"note\"><strong>Nobody has scraped yet.</strong><p>Point Prometheus' "
		         "<code>http_sd_configs</code> at <a href=\"sd\">/sd</a>, or open <a "
		         "href=\"metrics\">/metrics</a> once.</p></li>\n");
	}
}

static void put_problem(struct buf *b, const struct page_section *s)
{
	buf_puts(b, "<li class=\"bad\"><strong>");
	put_sentence(b, s->problem);
	buf_puts(b, "</strong><p>");
	put_sentence(b, s->advice);
	buf_puts(b, "</p></li>\n");
}

static void put_state(struct buf *b, const struct view *v)
{
	size_t before;

	buf_puts(b, "<section aria-labelledby=\"state\"><h2 id=\"state\">State</h2>\n<ul class=\"state\">\n");
	before = b->len;
	for (size_t i = 0; i < v->n; i++)
		if (v->rows[i].late)
			put_late(b, &v->rows[i]);
		else if (v->rows[i].ever && (!v->rows[i].up || v->rows[i].error))
			put_down(b, &v->rows[i]);
	if (v->section.problem)
		put_problem(b, &v->section);
	if (!v->reload.successful)
		put_reload(b, v);
	if (v->scraped_ago < 0 || v->scraped_ago > SILENT_S)
		put_silence(b, v);
	if (b->len == before) {
		buf_puts(b,
		         "<li class=\"good\"><strong>All is well.</strong><p>Every target answered the last scrape, ");
		put_span(b, v->scraped_ago);
		buf_puts(b, " ago.</p></li>\n");
	}
	buf_puts(b, "</ul></section>\n");
}

static void put_row(struct buf *b, const struct lane_status *r)
{
	const char *class = is_down(r) ? "down" : r->ever ? "up" : "wait";

	buf_puts(b, "<tr><th scope=\"row\">");
	put_name(b, r);
	buf_printf(b, "</th><td class=\"%s\">%s</td><td class=\"num\">", class,
	           r->late    ? "late"
	           : !r->ever ? "not asked yet"
	           : r->up    ? "up"
	                      : "down");
	if (r->ever)
		put_took(b, r->duration);
	buf_puts(b, "</td><td class=\"num\">");
	if (r->ever) {
		put_span(b, r->age);
		buf_puts(b, " ago");
	}
	buf_printf(b, "</td><td class=\"num\">%zu</td><td class=\"num\">%llu</td><td class=\"error\">", r->samples,
	           (unsigned long long)r->timeouts);
	if (r->error)
		buf_html(b, r->error);
	buf_puts(b, "</td></tr>\n");
}

static void put_targets(struct buf *b, const struct view *v)
{
	buf_puts(b,
	         "<section aria-labelledby=\"targets\"><h2 id=\"targets\">Targets</h2>\n<div class=\"scroll\" "
	         "role=\"region\" aria-labelledby=\"targets\" tabindex=\"0\"><table>"
	         "<thead><tr><th scope=\"col\">Target</th><th scope=\"col\">State</th>"
	         "<th scope=\"col\" class=\"num\">Took</th><th scope=\"col\" class=\"num\">Finished</th>"
	         "<th scope=\"col\" class=\"num\">Samples</th><th scope=\"col\" class=\"num\">Time-outs</th>"
	         "<th scope=\"col\">Error</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < v->n; i++)
		put_row(b, &v->rows[i]);
	buf_puts(b, "</tbody></table></div></section>\n");
}

static void put_section_row(struct buf *b, const struct page_row *row)
{
	buf_puts(b, "<tr>");
	for (size_t i = 0; i < PAGE_COLUMNS; i++) {
		const char *cell = row->cells[i] ? row->cells[i] : "";

		buf_printf(b, i == 0 ? "<th scope=\"row\">" : "<td class=\"%s\">",
		           i > 1      ? "num"
		           : row->bad ? "down"
		                      : "up");
		buf_html(b, cell);
		buf_puts(b, i == 0 ? "</th>" : "</td>");
	}
	buf_puts(b, "</tr>\n");
}

static void put_section(struct buf *b, const struct page_section *s)
{
	if (!s->title)
		return;
	buf_printf(b,
	           "<section aria-labelledby=\"more\"><h2 id=\"more\">%s</h2>\n<div class=\"scroll\" role=\"region\" "
	           "aria-labelledby=\"more\" tabindex=\"0\"><table><thead><tr>",
	           s->title);
	for (size_t i = 0; i < PAGE_COLUMNS; i++)
		buf_printf(b, "<th scope=\"col\"%s>%s</th>", i > 1 ? " class=\"num\"" : "", s->columns[i]);
	buf_puts(b, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < s->n_rows; i++)
		put_section_row(b, &s->rows[i]);
	buf_puts(b, "</tbody></table></div></section>\n");
}

static void put_fact(struct buf *b, const char *name, const char *fmt, ...) PRINTF(3, 4);
static void put_fact(struct buf *b, const char *name, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(b, "<div><dt>%s</dt><dd>", name);
	buf_html(b, text);
	buf_puts(b, "</dd></div>\n");
}

static void put_agent(struct buf *b, const struct view *v)
{
	const struct scrape_times *t = &v->web->times;

	buf_puts(b, "<section aria-labelledby=\"agent\"><h2 id=\"agent\">What the agent itself costs</h2>\n<dl>\n");
	put_fact(b, "Memory", "%.1f MiB", v->usage.rss_bytes / 1048576);
	put_fact(b, "Processor time", "%.2f s", v->usage.cpu_seconds);
	put_fact(b, "Of one processor", "%.3f %%", v->uptime > 0 ? 100 * v->usage.cpu_seconds / v->uptime : 0);
	put_fact(b, "Threads", "%.0f", v->usage.threads);
	put_fact(b, "File descriptors", "%.0f of %.0f", v->usage.fds, v->usage.max_fds);
	put_fact(b, "Connections", "%zu of %d", v->web->n_conns, CONNECTIONS_MAX);
	if (v->scraped_ago >= 0)
		put_fact(b, "Last scrape", "%.2f ms", (t->collect + t->encode + t->compress) * 1000);
	put_fact(b, "Settings", "%s", v->reload.successful ? "in force" : "reload refused");
	buf_puts(b, "</dl></section>\n");
}

static void put_page(struct buf *b, const struct view *v)
{
	char title[sizeof("vedette on ") + sizeof(v->web->hostname)];

	snprintf(title, sizeof(title), "vedette on %s", v->web->hostname);
	html_begin(b, title);
	buf_puts(b, "<header><h1>");
	buf_html(b, title);
	buf_puts(b, "</h1><p class=\"soft\">version " VEDETTE_VERSION ", running for ");
	put_span(b, v->uptime);
	buf_puts(
		b,
		"</p></header>\n<nav aria-label=\"Pages\"><p><a href=\"metrics\">Metrics</a> <a href=\"metrics/agent\">"
		"The agent's own</a> <a href=\"sd\">Service discovery</a> <a href=\"runbook/\">Runbooks</a> "
		"<a href=\"-/healthy\">Health</a></p></nav>\n"
		"<main>\n");
	put_state(b, v);
	put_targets(b, v);
	put_section(b, &v->section);
	put_agent(b, v);
	buf_puts(b, "</main></body></html>\n");
}

enum MHD_Result page_serve(struct request *rq)
{
	struct web *web = rq->web;
	struct view v = {.web = web, .scraped_ago = -1};
	struct lane_status *rows = NULL;
	struct buf body;

	rq->fleet = web->hooks.fleet(web->hooks.owner);
	if (rq->fleet)
		v.n = fleet_status(rq->fleet, &rq->arena, &rows);
	v.rows = rows;
	v.reload = web->hooks.reload_state(web->hooks.owner);
	v.uptime = fmax(ns_to_seconds(clock_real_ns()) - web->self.start_time, 0);
	self_usage(&web->self, &v.usage);
	if (web->last_scrape_ns)
		v.scraped_ago = ns_to_seconds(clock_mono_ns() - web->last_scrape_ns);
	if (web->hooks.section)
		web->hooks.section(web->hooks.owner, &rq->arena, &v.section);
	buf_init(&body, 0);
	put_page(&body, &v);
	return html_reply(rq, MHD_HTTP_OK, &body);
}
