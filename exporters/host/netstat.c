/* Protocol counters, from /proc/net/netstat and /proc/net/snmp ("Tcp: names" above "Tcp: values") and
 * /proc/net/snmp6 ("Icmp6InMsgs 12"). Only those that node_exporter reports by default. */
#include "base/num.h"
#include "exporters/host/common_proc.h"

static const struct metric_desc metrics[] = {
	{"node_netstat_<protocol>_<field>", "A field of /proc/net/netstat, snmp or snmp6.", METRIC_UNTYPED,
         .pattern = true},
	{0},
};

struct netstat_config {
	const struct regex *fields;
};

static const struct field fields[] = {
	F_REGEX(struct netstat_config, fields, NULL,
                "Fields to report, such as ^TcpExt_, instead of the default ones."),
	{0},
};

/* Reported by default; '*' stands for any rest. */
static const struct wanted {
	const char *protocol;
	const char *fields[12];
} by_default[] = {
	{"Ip", {"Forwarding"}},
	{"IpExt", {"InOctets", "OutOctets"}},
	{"Ip6", {"InOctets", "OutOctets"}},
	{"Icmp", {"InMsgs", "OutMsgs"}},
	{"Icmp6", {"InMsgs", "OutMsgs"}},
	{"Tcp", {"ActiveOpens", "InSegs", "OutSegs", "OutRsts", "PassiveOpens", "RetransSegs", "CurrEstab"}},
	{"TcpExt", {"Listen*", "Syncookies*", "TCPSynRetrans", "TCPTimeouts"}},
	{"Udp", {"InDatagrams", "OutDatagrams", "NoPorts", "RcvbufErrors", "SndbufErrors"}},
	{"Udp6", {"InDatagrams", "OutDatagrams", "NoPorts", "RcvbufErrors", "SndbufErrors"}},
};

static const struct wanted of_every_protocol = {"", {"InErrors", "InErrs"}};

struct table {
	struct probe *probe;
	struct sample_set *set;
	struct span protocol;
	const struct wanted *wanted; /* of the protocol, or NULL */
};

static const struct wanted *wanted_of(struct span protocol)
{
	for (size_t i = 0; i < ARRAY_LEN(by_default); i++)
		if (span_eq(protocol, by_default[i].protocol))
			return &by_default[i];
	return NULL;
}

static bool listed(const struct wanted *w, struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(w->fields) && w->fields[i]; i++) {
		size_t len = strlen(w->fields[i]);

		bool open_end = w->fields[i][len - 1] == '*';

		len -= open_end;
		if ((open_end ? name.len >= len : name.len == len) && !memcmp(name.s, w->fields[i], len))
			return true;
	}
	return false;
}

static bool number(struct span word, double *out)
{
	int64_t i;
	uint64_t u;

	if (num_parse_i64(word.s, word.len, &i)) {
		*out = (double)i;
		return true;
	}
	if (!num_parse_u64(word.s, word.len, &u))
		return false;
	*out = (double)u;
	return true;
}

static const struct metric_desc *family(struct table *t, struct span name)
{
	char prefix[64];
	int n = snprintf(prefix, sizeof(prefix), "node_netstat_%.*s_", (int)t->protocol.len, t->protocol.s);

	return n < 0 || n >= (int)sizeof(prefix) ? NULL : proc_family(t->probe->arena, metrics, prefix, name, "");
}

/* The pattern is about "Tcp_InSegs". */
static bool matches(const struct regex *chosen, const struct metric_desc *desc)
{
	const char *name = desc->name + sizeof("node_netstat_") - 1;

	return regex_match(chosen, name, strlen(name));
}

/* Whether the value is one at all. */
static bool add(struct table *t, struct span name, struct span value)
{
	const struct regex *chosen = ((const struct netstat_config *)t->probe->config)->fields;
	const struct metric_desc *desc;
	double v;

	if (!number(value, &v))
		return false;
	if (!chosen && !listed(&of_every_protocol, name) && !(t->wanted && listed(t->wanted, name)))
		return true;
	desc = family(t, name);
	if (desc && (!chosen || matches(chosen, desc)))
		sample_add(t->set, desc, v, NO_LABELS);
	return true;
}

static void begin(struct table *t, struct span protocol)
{
	t->protocol = protocol;
	t->wanted = wanted_of(protocol);
}

/* Two lines belong together when both begin with the same word. */
static bool pair(struct table *t, struct span names, struct span values)
{
	struct span protocol, again, name, value;
	bool sense = false;

	if (!scan_until(&names, ':', &protocol) || !scan_until(&values, ':', &again) || !protocol.len ||
	    protocol.len != again.len || memcmp(protocol.s, again.s, again.len) != 0)
		return false;
	begin(t, protocol);
	while (scan_field(&names, &name) && scan_field(&values, &value))
		sense |= add(t, name, value);
	return sense;
}

static int collect_pairs(struct table *t, const char *path, struct err *err)
{
	struct span text, whole, names, values;
	bool sense = false;
	enum read_result rc = reader_read(t->probe->reader, t->probe->arena, ROOT_PROC, path, &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	while (scan_line(&text, &names) && scan_line(&text, &values))
		sense |= pair(t, names, values);
	return sense ? 0 : proc_no_sense(err, path, whole);
}

/* "Ip6InOctets 12": the protocol ends with the first 6. */
static bool split_ipv6(struct span key, struct span *protocol, struct span *name)
{
	*name = key;
	if (!scan_until(name, '6', protocol))
		return false;
	protocol->len++;
	return true;
}

static int collect_ipv6(struct table *t, struct err *err)
{
	struct span text, whole, line, key, protocol, name, value;
	bool sense = false;
	enum read_result rc = reader_read(t->probe->reader, t->probe->arena, ROOT_PROC, "net/snmp6", &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	whole = text;
	t->protocol = SPAN("");
	while (scan_line(&text, &line)) {
		if (!scan_field(&line, &key) || !scan_field(&line, &value) || !split_ipv6(key, &protocol, &name))
			continue;
		if (protocol.len != t->protocol.len || memcmp(protocol.s, t->protocol.s, protocol.len) != 0)
			begin(t, protocol);
		sense |= add(t, name, value);
	}
	return sense ? 0 : proc_no_sense(err, "net/snmp6", whole);
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	struct table table = {.probe = p, .set = set};

	if (collect_pairs(&table, "net/netstat", err) < 0 || collect_pairs(&table, "net/snmp", err) < 0)
		return -1;
	return collect_ipv6(&table, err);
}

const struct collector collector_host_netstat = {
	.name = "netstat",
	.help = "Protocol counters from /proc/net/netstat, /proc/net/snmp and /proc/net/snmp6.",
	.fields = fields,
	.config_size = sizeof(struct netstat_config),
	.metrics = metrics,
	.collect = collect,
};
