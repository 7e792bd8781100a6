#include "web/web.h"

const struct field web_fields[] = {
	F_STRING(struct web_settings, listen_address, "127.0.0.1:19100", "HOST:PORT, :PORT or unix:/PATH to serve on."),
	F_STRING(struct web_settings, external_url, NULL, "Where Prometheus reaches this agent; used in /sd."),
	F_STRING(struct web_settings, config_file, NULL, "web.yml: TLS, users and headers."),
	F_BOOL(struct web_settings, allow_insecure, "false", "Allow listening beyond loopback without authentication."),
	F_DURATION(struct web_settings, scrape_timeout, "5s", "The most that a scrape waits for its targets."),
	{0},
};
const struct metric_desc web_metrics[] = {{0}};
int web_new(struct web **out, const struct web_settings *settings, const struct web_hooks *hooks, struct err *err)
{ (void)out; (void)settings; (void)hooks; return err_set(err, "not here yet"); }
void web_free(struct web *web) { (void)web; }
int web_run(struct web *web, struct err *err) { (void)web; return err_set(err, "not here yet"); }
void web_stop(struct web *web) { (void)web; }
int web_reconfigure(struct web *web, const struct web_settings *settings, struct err *err) { (void)web; (void)settings; (void)err; return 0; }
int web_check(const struct web_settings *settings, struct err *err) { (void)settings; (void)err; return 0; }
int web_uses_tls(const struct web_settings *settings, bool *out, struct err *err) { (void)settings; (void)err; *out = false; return 0; }
