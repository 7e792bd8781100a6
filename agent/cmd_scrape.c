/* Collects once, as a scrape would, and prints the samples; errors go to stderr. */
#include <stdio.h>
#include <string.h>

#include "cmd_scrape_query.h"
#include "collect/gather.h"
#include "command.h"
#include "environment.h"
#include "settings.h"

static int print_one(struct fleet *fleet, const char *exporter, const struct options *o, int64_t timeout_ns)
{
	struct gather_request request = {
		.exporter = exporter, .deadline_ns = clock_mono_ns() + timeout_ns, .event_fd = -1};
	enum exposition_format format = o->openmetrics ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
	struct buf CLEANUP_BUF out = {0};
	struct gather *g;
	struct err err;

	g = gather_start(fleet, &request, &err);
	if (!g) {
		fprintf(stderr, "vedette: %s\n", err.text);
		return -1;
	}
	gather_wait(g);
	gather_write(g, format, NULL, &out);
	gather_free(g);
	return fwrite(out.data ? out.data : "", 1, out.len, stdout) == out.len ? 0 : -1;
}

static enum exit_status all_well(struct fleet *fleet)
{
	enum exit_status status = EXIT_DONE;
	struct lane_status *lanes;
	struct arena a = {0};
	size_t n = fleet_status(fleet, &a, &lanes);

	for (size_t i = 0; i < n; i++)
		if (lanes[i].late || (lanes[i].ever && lanes[i].error))
			status = EXIT_WRONG;
	arena_fini(&a);
	return status;
}

static enum exit_status scrape(struct fleet *fleet, const struct settings *s, const struct options *o)
{
	if (!*o->arguments && print_one(fleet, NULL, o, s->web.scrape_timeout) < 0)
		return EXIT_WRONG;
	for (char **name = o->arguments; *name; name++)
		if (print_one(fleet, *name, o, s->web.scrape_timeout) < 0)
			return EXIT_WRONG;
	return all_well(fleet);
}

static enum exit_status query_alone(const struct options *o, const struct settings *s)
{
	char **names = o->arguments;

	if (*names && !names[1] && !strcmp(*names, "sql"))
		return scrape_query(s, o->query);
	fputs("vedette: --query NAME goes with sql alone: vedette scrape sql --query NAME\n", stderr);
	return EXIT_USAGE;
}

enum exit_status cmd_scrape(const struct options *o)
{
	struct settings *s = load_or_complain(o);
	struct roots roots = options_roots(o);
	enum exit_status status;
	struct fleet *fleet;
	struct err err;

	if (!s)
		return EXIT_WRONG;
	if (o->query) {
		status = query_alone(o, s);
		settings_free(s);
		return status;
	}
	if (fleet_new(&fleet, s->targets, s->n_targets, &roots, NULL, NULL, &err) < 0) {
		fprintf(stderr, "vedette: %s\n", err.text);
		settings_free(s);
		return EXIT_WRONG;
	}
	status = scrape(fleet, s, o);
	fleet_stop(fleet);
	if (!fleet_drain(fleet, clock_mono_ns() + NS_PER_S)) {
		fflush(stdout);
		_exit(status);
	}
	fleet_unref(fleet);
	settings_free(s);
	return status;
}
