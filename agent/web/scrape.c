#include <string.h>

#include "base/log.h"
#include "web/internal.h"

/* The targets that the path means. */
struct choice {
	size_t n;                  /* of the exporter */
	const struct target *only; /* the one target, where it is one */
	bool exporter_known;
};

/* Also where only some of the target's collectors are the exporter's. */
static bool is_exporter(const struct target *t, const char *exporter)
{
	if (!exporter || !strcmp(t->exporter->name, exporter))
		return true;
	for (size_t i = 0; i < t->n_collectors; i++)
		if (t->collectors[i].attached && !strcmp(t->collectors[i].attached->name, exporter))
			return true;
	return false;
}

static bool is_meant(const struct target *t, const struct request *rq)
{
	return is_exporter(t, rq->exporter) && (!rq->name || (t->name && !strcmp(t->name, rq->name)));
}

static struct choice choose(const struct request *rq)
{
	struct choice c = {0};
	size_t n;
	const struct target *targets = fleet_targets(rq->fleet, &n);

	for (size_t i = 0; i < n; i++) {
		c.exporter_known |= is_exporter(&targets[i], rq->exporter);
		if (is_meant(&targets[i], rq)) {
			c.n++;
			c.only = &targets[i];
		}
	}
	return c;
}

/* "/metrics/postgres/app" to exporter and name. */
static void split_path(struct request *rq)
{
	const char *rest = rq->query.path + strlen("/metrics");
	const char *slash;

	if (!*rest)
		return;
	slash = strchr(++rest, '/');
	rq->exporter = slash ? arena_strndup(&rq->arena, rest, (size_t)(slash - rest)) : rest;
	rq->name = slash ? slash + 1 : NULL;
}

/* "host, postgres" or, of one exporter, its targets' names. */
static const char *list_names(struct request *rq, bool exporters)
{
	const char *list = "", *last = "";
	size_t n;
	const struct target *targets = fleet_targets(rq->fleet, &n);

	for (size_t i = 0; i < n && strlen(list) < 512; i++) {
		const char *name = exporters ? targets[i].exporter->name : targets[i].name;

		if (!name || !strcmp(name, last) || (!exporters && !is_exporter(&targets[i], rq->exporter)))
			continue;
		list = arena_printf(&rq->arena, "%s%s%s", list, *list ? ", " : "", name);
		last = name;
	}
	return list;
}

static enum MHD_Result not_found(struct request *rq, const struct choice *c)
{
	const char *names = list_names(rq, !c->exporter_known);

	if (!c->exporter_known)
		return reply_text(rq, MHD_HTTP_NOT_FOUND, "No exporter \"%.100s\" is configured; there are: agent, %s.",
		                  rq->exporter, names);
	if (!*names)
		return reply_text(rq, MHD_HTTP_NOT_FOUND, "%s has one target, which has no name: it is at /metrics/%s.",
		                  rq->exporter, rq->exporter);
	return reply_text(rq, MHD_HTTP_NOT_FOUND, "%s has no target \"%.100s\"; it has: %s.", rq->exporter, rq->name,
	                  names);
}

static bool has_collector(const struct target *t, const char *name)
{
	for (size_t i = 0; i < t->n_collectors; i++)
		if (!strcmp(t->collectors[i].collector->name, name))
			return true;
	return false;
}

/* The first name that no collector here has; NULL: all are known. */
static const char *unknown_collector(const struct request *rq, const char *const *names)
{
	size_t n;
	const struct target *targets = fleet_targets(rq->fleet, &n);

	for (; *names; names++) {
		bool found = false;

		for (size_t i = 0; i < n && !found; i++)
			found = is_meant(&targets[i], rq) && has_collector(&targets[i], *names);
		if (!found)
			return *names;
	}
	return NULL;
}

static int64_t deadline(const struct request *rq)
{
	const char *header = request_header(rq, "X-Prometheus-Scrape-Timeout-Seconds");

	return rq->started_ns + negotiate_timeout_ns(header, rq->web->state.scrape_timeout);
}

static enum MHD_Result start(struct request *rq)
{
	struct gather_request ask = {
		.exporter = rq->exporter,
		.target = rq->name,
		.collect = rq->query.collect,
		.exclude = rq->query.exclude,
		.deadline_ns = deadline(rq),
		.event_fd = rq->web->event_fd,
	};
	struct err err;

	rq->gather = gather_start(rq->fleet, &ask, &err);
	if (!rq->gather) {
		reply_header(rq, MHD_HTTP_HEADER_RETRY_AFTER, "1");
		return reply_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "The scrape could not begin: %s.", err.text);
	}
	return gather_done(rq->gather) ? scrape_finish(rq) : request_suspend(rq);
}

static bool take_fleet(struct request *rq)
{
	rq->started_ns = clock_mono_ns();
	rq->fleet = rq->web->hooks.fleet(rq->web->hooks.owner);
	return rq->fleet;
}

static enum MHD_Result not_ready(struct request *rq)
{
	return reply_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "vedette is starting; ask again in a moment.");
}

enum MHD_Result scrape_start(struct request *rq)
{
	struct choice c;
	const char *unknown;

	if (!take_fleet(rq))
		return not_ready(rq);
	split_path(rq);
	c = choose(rq);
	if (!c.n && rq->exporter)
		return not_found(rq, &c);
	rq->single = rq->exporter && c.n == 1;
	if (rq->single)
		rq->name = c.only->name;
	unknown = unknown_collector(rq, rq->query.collect);
	if (!unknown)
		unknown = unknown_collector(rq, rq->query.exclude);
	if (unknown)
		return reply_text(rq, MHD_HTTP_BAD_REQUEST,
		                  "No collector \"%.100s\" is enabled here; node_scrape_collector_success and "
		                  "vedette_collector_success name those that are.",
		                  unknown);
	return start(rq);
}

/* The sentence for a target that did not answer, or did not let us in. */
static const char *down_cause(struct request *rq)
{
	struct lane_status *rows;
	size_t n = fleet_status(rq->fleet, &rq->arena, &rows);

	for (size_t i = 0; i < n; i++) {
		const char *name = rows[i].target ? rows[i].target : "";

		if (strcmp(rows[i].exporter, rq->exporter) != 0 || strcmp(name, rq->name ? rq->name : "") != 0)
			continue;
		if (rows[i].late)
			return "it did not answer before the deadline";
		if (!rows[i].up && rows[i].error)
			return rows[i].error;
	}
	return "it did not answer before the deadline";
}

static void compress(struct request *rq, struct buf *body)
{
	struct buf packed;
	struct err err;

	reply_header(rq, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
	if (!negotiate_gzip(request_header(rq, MHD_HTTP_HEADER_ACCEPT_ENCODING)))
		return;
	buf_init(&packed, 0);
	if (gzip_write(&rq->web->gzip, body->data, body->len, &packed, &err) < 0) {
		LOG(ERROR, "a scrape is answered uncompressed", "cause", err.text);
		buf_fini(&packed);
		return;
	}
	buf_fini(body);
	*body = packed;
	reply_header(rq, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}

static enum MHD_Result answer(struct request *rq, const struct negotiated *want, struct buf *body)
{
	return reply_body(rq, MHD_HTTP_OK, exposition_content_type(want->format, want->escaping), body);
}

/* The agent's own families and those about its lanes. */
static void agent_samples(struct request *rq, struct sample_set *set)
{
	struct web *web = rq->web;
	struct self_facts facts = {.codes = web->codes,
	                           .n_codes = CODES_MAX,
	                           .connections = web->n_conns,
	                           .cut = web->cut,
	                           .times = web->times};

	facts.reload = web->hooks.reload_state(web->hooks.owner);
	self_samples(&web->self, set, &facts);
	fleet_samples(rq->fleet, set);
	if (web->hooks.samples)
		web->hooks.samples(web->hooks.owner, set);
}

enum MHD_Result scrape_finish(struct request *rq)
{
	struct negotiated want = negotiate_format(request_header(rq, MHD_HTTP_HEADER_ACCEPT));
	struct web *web = rq->web;
	struct sample_set agent;
	struct buf body;
	int64_t collected, encoded;

	if (!gather_done(rq->gather))
		return request_suspend(rq);
	if (rq->single && !gather_up(rq->gather))
		return reply_text(rq, MHD_HTTP_SERVICE_UNAVAILABLE, "%s%s%s is down: %s.", rq->exporter,
		                  rq->name ? " " : "", rq->name ? rq->name : "", down_cause(rq));
	collected = clock_mono_ns();
	buf_init(&body, 0);
	sample_set_init(&agent, &rq->arena, NULL);
	if (!rq->exporter)
		agent_samples(rq, &agent);
	gather_write(rq->gather, want.format, rq->exporter ? NULL : &agent, &body);
	encoded = clock_mono_ns();
	compress(rq, &body);
	web->last_scrape_ns = clock_mono_ns();
	web->times =
		(struct scrape_times){ns_to_seconds(collected - rq->started_ns), ns_to_seconds(encoded - collected),
	                              ns_to_seconds(web->last_scrape_ns - encoded)};
	return answer(rq, &want, &body);
}

enum MHD_Result scrape_agent(struct request *rq)
{
	struct negotiated want = negotiate_format(request_header(rq, MHD_HTTP_HEADER_ACCEPT));
	struct sample_set agent;
	const struct sample_set *sets[] = {&agent};
	struct buf body;

	if (!take_fleet(rq))
		return not_ready(rq);
	sample_set_init(&agent, &rq->arena, NULL);
	agent_samples(rq, &agent);
	buf_init(&body, 0);
	exposition_write(&body, want.format, &rq->arena, sets, 1);
	compress(rq, &body);
	return answer(rq, &want, &body);
}
