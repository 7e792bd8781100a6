/* One visit in each collection, and what came of it; a visit that fails is a value, and its reason the target's note.
 */
#include <arpa/inet.h>
#include <time.h>

#include "exporters/http/common_http.h"
#include "net/http_probe.h"

enum { DAY = 24 * 3600 };

enum metric {
	SUCCESS,
	DURATION,
	DNS_LOOKUP,
	IP_PROTOCOL,
	IP_ADDR_HASH,
	FAILED_DUE_TO_REGEX,
	STATUS_CODE,
	PHASES,
	CONTENT_LENGTH,
	BODY_LENGTH,
	REDIRECTS,
	SSL,
	VERSION,
	LAST_MODIFIED,
	EARLIEST_EXPIRY,
	CHAIN_EXPIRY,
	CHAIN_INFO,
	TLS_VERSION,
};

static const struct metric_desc metrics[] = {
	[SUCCESS] = {"probe_success", "Whether the visit went as it should."},
	[DURATION] = {"probe_duration_seconds", "Time that the whole visit took."},
	[DNS_LOOKUP] = {"probe_dns_lookup_time_seconds", "Time until the name had an address."},
	[IP_PROTOCOL] = {"probe_ip_protocol", "Version of IP that was used, 4 or 6; 0 where there was no address."},
	[IP_ADDR_HASH] = {"probe_ip_addr_hash",
                          "Hash of the server's address: changes when the name leads somewhere else."},
	[FAILED_DUE_TO_REGEX] = {"probe_failed_due_to_regex", "Whether the body was not what its patterns ask for."},
	[STATUS_CODE] = {"probe_http_status_code", "Status of the last response; 0 where there was none."},
	[PHASES] = {"probe_http_duration_seconds", "Time of each phase, of all redirections together.", METRIC_GAUGE,
                    "phase"},
	[CONTENT_LENGTH] = {"probe_http_content_length",
                            "Length of the body as the response announces it; -1 where it does not."},
	[BODY_LENGTH] = {"probe_http_uncompressed_body_length", "Length of the body as it came, unpacked."},
	[REDIRECTS] = {"probe_http_redirects", "Redirections on the way."},
	[SSL] = {"probe_http_ssl", "Whether the last response came over TLS."},
	[VERSION] = {"probe_http_version", "Version of HTTP of the last response."},
	[LAST_MODIFIED] = {"probe_http_last_modified_timestamp_seconds",
                           "Last-Modified of the last response, in seconds since 1970."},
	[EARLIEST_EXPIRY] = {"probe_ssl_earliest_cert_expiry",
                             "When the first of the server's certificates ends, in seconds since 1970."},
	[CHAIN_EXPIRY] = {"probe_ssl_last_chain_expiry_timestamp_seconds",
                          "When the chain that was verified ends, in seconds since 1970."},
	[CHAIN_INFO] = {"probe_ssl_last_chain_info", "The server's certificate.", METRIC_GAUGE,
                        "fingerprint_sha256,issuer,subject,subjectalternative"},
	[TLS_VERSION] = {"probe_tls_version_info", "Version of TLS that was agreed on.", METRIC_GAUGE, "version"},
	{0},
};

static const char *const phase_names[HTTP_PHASES] = {
	[PHASE_RESOLVE] = "resolve",       [PHASE_CONNECT] = "connect",   [PHASE_TLS] = "tls",
	[PHASE_PROCESSING] = "processing", [PHASE_TRANSFER] = "transfer",
};

static bool is_port(const struct http_target *t)
{
	return !strncmp(t->url, "tcp://", 6) || !strncmp(t->url, "tls://", 6);
}

static void put_headers(struct arena *a, const struct string_map *map, struct http_probe_request *rq)
{
	struct http_header *headers = ARENA_ARRAY(a, struct http_header, map->n + 1);

	for (size_t i = 0; i < map->n; i++)
		headers[i] = (struct http_header){map->items[i].key, map->items[i].value};
	rq->headers = headers;
	rq->n_headers = map->n;
}

static int visit(struct probe *p, const struct http_target *t, struct http_probe_result *out, struct err *err)
{
	static const int families[] = {0, AF_INET, AF_INET6};
	int64_t left = p->deadline_ns - clock_mono_ns();
	struct span content = t->content ? span_of(t->content) : (struct span){0};
	struct http_probe_request rq = {.url = t->url,
	                                .method = t->method    ? t->method
	                                          : t->content ? "POST"
	                                                       : NULL,
	                                .unix_socket = t->unix_socket,
	                                .body = t->content ? &content : NULL,
	                                .access = &t->access,
	                                .server_name = t->server_name,
	                                .family = families[t->ip_protocol],
	                                .max_redirects = t->follow_redirects ? (int)t->max_redirects : 0,
	                                .compression = t->compression,
	                                .keep_body = t->expect.body || t->expect.body_not,
	                                .timeout_ns = t->timeout < left ? t->timeout : left,
	                                .max_bytes = t->max_bytes};

	put_headers(p->arena, &t->headers, &rq);
	return http_probe(p->http, p->arena, &rq, out, err);
}

static bool status_is_well(const struct http_expect *e, int status)
{
	for (size_t i = 0; i < e->status.n; i++)
		if (http_status_matches(e->status.items[i], status))
			return true;
	return false;
}

/* What is wrong with a body; NULL: nothing. */
static const char *fault_of_body(const struct http_expect *e, const struct http_probe_result *r)
{
	if (e->body && !regex_match(e->body, r->body.s, r->body.len))
		return "expect.body matches nothing in the body";
	if (e->body_not && regex_match(e->body_not, r->body.s, r->body.len))
		return "expect.body_not matches something in the body";
	return NULL;
}

/* In words, and whether it was for a pattern. */
static int judge(const struct http_target *t, const struct http_probe_result *r, bool *by_regex, struct err *err)
{
	int64_t left = r->earliest_expiry - (int64_t)time(NULL);
	const char *fault;

	if (!is_port(t) && !status_is_well(&t->expect, r->status))
		return err_set(err, "%.200s: status %d", t->url, r->status);
	fault = fault_of_body(&t->expect, r);
	*by_regex = fault != NULL;
	if (fault)
		return err_set(err, "%.200s: %s", t->url, fault);
	if (t->min_days_left && !r->tls_version)
		return err_set(err, "%.200s: tls.min_days_left is given, but there was no TLS", t->url);
	if (t->min_days_left && left < t->min_days_left * DAY)
		return err_set(err, "%.200s: a certificate ends in %lld days (tls.min_days_left is %lld); renew it",
		               t->url, (long long)(left / DAY), (long long)t->min_days_left);
	return 0;
}

/* FNV-1a of the address's bytes. */
static uint32_t hash_address(const char *text, int *protocol)
{
	unsigned char bytes[16];
	uint32_t hash = UINT32_C(2166136261);
	size_t n = 0;

	*protocol = 0;
	if (text && inet_pton(AF_INET, text, bytes) == 1)
		*protocol = 4, n = 4;
	else if (text && inet_pton(AF_INET6, text, bytes) == 1)
		*protocol = 6, n = 16;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT32_C(16777619);
	return n ? hash : 0;
}

static void add_address(struct sample_set *set, const struct http_probe_result *r)
{
	int protocol;
	uint32_t hash = hash_address(r->address, &protocol);

	sample_add(set, &metrics[DNS_LOOKUP], r->resolve_seconds, NO_LABELS);
	sample_add(set, &metrics[IP_PROTOCOL], protocol, NO_LABELS);
	sample_add(set, &metrics[IP_ADDR_HASH], hash, NO_LABELS);
}

/* Without an address there were no further phases. */
static void add_response(struct sample_set *set, const struct http_probe_result *r)
{
	size_t phases = r->address ? HTTP_PHASES : PHASE_RESOLVE + 1;

	sample_add(set, &metrics[STATUS_CODE], r->status, NO_LABELS);
	for (size_t i = 0; i < phases; i++)
		sample_add(set, &metrics[PHASES], r->phases[i], LABELS({"phase", phase_names[i]}));
	sample_add(set, &metrics[CONTENT_LENGTH], (double)r->content_length, NO_LABELS);
	sample_add(set, &metrics[BODY_LENGTH], (double)r->body_length, NO_LABELS);
	sample_add(set, &metrics[REDIRECTS], r->redirects, NO_LABELS);
	sample_add(set, &metrics[SSL], r->is_tls, NO_LABELS);
	sample_add(set, &metrics[VERSION], r->version, NO_LABELS);
	if (r->last_modified)
		sample_add(set, &metrics[LAST_MODIFIED], (double)r->last_modified, NO_LABELS);
}

static void add_tls(struct sample_set *set, const struct http_probe_result *r)
{
	if (r->earliest_expiry)
		sample_add(set, &metrics[EARLIEST_EXPIRY], (double)r->earliest_expiry, NO_LABELS);
	if (!r->tls_version)
		return;
	if (r->chain_expiry)
		sample_add(set, &metrics[CHAIN_EXPIRY], (double)r->chain_expiry, NO_LABELS);
	sample_add(set, &metrics[CHAIN_INFO], 1,
	           LABELS({"fingerprint_sha256", r->fingerprint}, {"issuer", r->issuer}, {"subject", r->subject},
	                  {"subjectalternative", r->alternatives}));
	sample_add(set, &metrics[TLS_VERSION], 1, LABELS({"version", r->tls_version}));
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct http_target *t = p->target;
	struct http_probe_result result;
	bool by_regex = false;
	int rc = visit(p, t, &result, p->note);

	(void)err;
	if (rc == 0)
		rc = judge(t, &result, &by_regex, p->note);
	sample_add(set, &metrics[SUCCESS], rc == 0, NO_LABELS);
	sample_add(set, &metrics[DURATION], result.seconds, NO_LABELS);
	add_address(set, &result);
	sample_add(set, &metrics[FAILED_DUE_TO_REGEX], by_regex, NO_LABELS);
	if (!is_port(t))
		add_response(set, &result);
	add_tls(set, &result);
	return 0;
}

const struct collector collector_http_probe = {
	.name = "probe",
	.help = "Whether the URL or port answers as it should, how long each phase takes, and its certificate.",
	.target = TARGET_HTTP,
	.metrics = metrics,
	.collect = collect,
};
