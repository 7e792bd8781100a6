#include "web/internal.h"

static const char style[] =
	":root{color-scheme:light "
	"dark;--bg:#fbfaf8;--card:#fff;--ink:#1d2125;--soft:#5b646d;--line:#dcdfe3;--link:#0a5bb5;"
	"--good:#1c6e37;--goodbg:#e4f3e8;--bad:#a8201a;--badbg:#fdeceb;--note:#7a5200;--notebg:#fdf3dc}"
	"@media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2024;--ink:#e6e8ea;--soft:#a3abb3;--line:#"
	"343a40;"
	"--link:#7cb7ff;--good:#7fd89a;--goodbg:#16301f;--bad:#ff9d96;--badbg:#3a1a19;--note:#f1c76b;--notebg:#352a12}}"
	"*{box-sizing:border-box}body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:62rem;background:var(--bg);"
	"color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}"
	"h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .6rem}p{margin:.3rem 0}.soft{color:var(--soft)}"
	"header{display:flex;flex-wrap:wrap;gap:.3rem 1rem;align-items:baseline;justify-content:space-between}"
	"nav a{margin-right:1rem}a{color:var(--link)}a:focus-visible{outline:2px solid;outline-offset:2px}"
	"ul.state{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}"
	".state li{padding:.7rem 1rem;border-left:4px solid;border-radius:6px;overflow-wrap:anywhere}"
	".state p{margin:0;color:var(--ink)}.state strong{display:block}"
	".good{background:var(--goodbg);color:var(--good)}.bad{background:var(--badbg);color:var(--bad)}"
	".note{background:var(--notebg);color:var(--note)}"
	".scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px}"
	"table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
	"th,td{padding:.5rem .8rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}"
	"tbody tr:last-child>*{border-bottom:0}thead "
	"th{color:var(--soft);font-weight:600;font-size:.85rem;white-space:nowrap}"
	"tbody "
	"th{font-weight:600}.num{text-align:right;white-space:nowrap}td.error{overflow-wrap:anywhere;min-width:16rem}"
	".up{color:var(--good);font-weight:600}.down{color:var(--bad);font-weight:600}.wait{color:var(--soft)}"
	"dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem;margin:0}"
	"dl div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.5rem .8rem}"
	"dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}"
	".text{max-width:46rem}.text p,.text ul,.text ol{margin:.6rem 0}.text .bad{padding:.7rem 1rem}"
	"pre{overflow-x:auto;padding:.7rem 1rem;background:var(--card);border:1px solid var(--line);border-radius:8px}"
	"code{font-family:ui-monospace,'DejaVu Sans Mono',monospace;font-size:.9em}";

void html_begin(struct buf *b, const char *title)
{
	buf_puts(b,
	         "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
	         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>");
	buf_html(b, title);
	buf_printf(b, "</title><style>%s</style></head>\n<body>", style);
}

enum MHD_Result html_reply(struct request *rq, unsigned code, struct buf *page)
{
	reply_header(rq, "Content-Security-Policy",
	             "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
	             "form-action 'none'; frame-ancestors 'none'");
	reply_header(rq, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return reply_body(rq, code, "text/html; charset=utf-8", page);
}
