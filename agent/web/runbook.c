#include <string.h>

#include "web/internal.h"
#include "web/runbook.h"

static const struct runbook *find(const char *alert)
{
	for (size_t i = 0; i < n_runbooks; i++)
		if (!strcmp(runbooks[i].alert, alert))
			return &runbooks[i];
	return NULL;
}

static void begin(struct buf *b, const char *title)
{
	html_begin(b, title);
	buf_puts(b,
	         "<nav aria-label=\"Pages\"><p><a href=\"../\">Status</a> <a href=\"./\">All runbooks</a></p></nav>\n"
	         "<main class=\"text\">\n");
}

static enum MHD_Result serve_list(struct request *rq, unsigned code, const char *missing)
{
	struct buf b;

	buf_init(&b, 0);
	begin(&b, "Runbooks");
	buf_puts(&b, "<h1>Runbooks</h1>\n");
	if (missing) {
		buf_puts(&b, "<p class=\"bad\">There is no runbook of the name ");
		buf_html(&b, missing);
		buf_puts(&b, ". These are the ones that there are; the alert may be of another version.</p>\n");
	}
	buf_puts(&b, "<ul>\n");
	for (size_t i = 0; i < n_runbooks; i++)
		buf_printf(&b, "<li><a href=\"%s\">%s</a></li>\n", runbooks[i].alert, runbooks[i].alert);
	buf_puts(&b, "</ul></main></body></html>\n");
	return html_reply(rq, code, &b);
}

enum MHD_Result runbook_serve(struct request *rq)
{
	const char *alert = rq->query.path + strlen("/runbook/");
	const struct runbook *r = find(alert);
	struct buf b;

	if (!r)
		return serve_list(rq, *alert ? MHD_HTTP_NOT_FOUND : MHD_HTTP_OK, *alert ? alert : NULL);
	buf_init(&b, 0);
	begin(&b, r->alert);
	buf_puts(&b, r->html);
	buf_puts(&b, "</main></body></html>\n");
	return html_reply(rq, MHD_HTTP_OK, &b);
}
