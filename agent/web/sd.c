#include "web/sd.h"

#include <ctype.h>

#include "base/num.h"

enum { HOST_MAX = 255 };

/* A name or number with an optional port, and nothing that could be taken for anything else. */
static bool host_valid(const char *host)
{
	size_t len = strlen(host);
	const char *colon = strrchr(host, ':');
	uint64_t port;

	if (!len || len > HOST_MAX || *host == ':')
		return false;
	for (const char *p = host; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._:[]", *p))
			return false;
	if (!colon || host[len - 1] == ']')
		return true;
	return num_parse_u64(colon + 1, strlen(colon + 1), &port) && port > 0 && port < 65536;
}

static const char *with_port(struct arena *a, const char *host, const char *scheme)
{
	const char *colon = strrchr(host, ':');

	if (colon && host[strlen(host) - 1] != ']')
		return host;
	return arena_printf(a, "%s:%s", host, !strcmp(scheme, "https") ? "443" : "80");
}

int origin_parse(struct arena *a, const char *url, struct origin *out, struct err *err)
{
	const char *rest = !strncmp(url, "https://", 8) ? url + 8 : !strncmp(url, "http://", 7) ? url + 7 : NULL;
	const char *host;
	size_t len, path;

	if (!rest)
		return err_set(err, "external_url %.100s must begin with http:// or https://", url);
	len = strcspn(rest, "/");
	host = arena_strndup(a, rest, len);
	if (!host_valid(host))
		return err_set(err, "external_url %.100s must name a host, such as http://docs.example.com:19100/",
		               url);
	path = strlen(rest + len);
	while (path && rest[len + path - 1] == '/')
		path--;
	if (memchr(rest + len, '?', path) || memchr(rest + len, '#', path))
		return err_set(err, "external_url %.100s must end with its path: no ? and no #", url);
	out->scheme = rest == url + 8 ? "https" : "http";
	out->host = with_port(a, host, out->scheme);
	out->prefix = arena_strndup(a, rest + len, path);
	return 0;
}

static struct origin origin_of(struct arena *a, const struct sd_request *sd)
{
	const char *scheme = sd->tls ? "https" : "http";
	bool good = sd->host_header && host_valid(sd->host_header);

	if (sd->external.host)
		return sd->external;
	return (struct origin){scheme, with_port(a, good ? sd->host_header : sd->listen_address, scheme), ""};
}

/* What comes after the host in `instance`; "" for the machine itself. */
static const char *short_name(const struct target *t)
{
	if (t->name)
		return t->name;
	return !strcmp(t->exporter->name, "host") ? "" : t->exporter->name;
}

static bool is_unique(const struct sd_request *sd, const struct target *t)
{
	const char *name = short_name(t);
	size_t n = !strcmp(name, "vedette"); /* the agent's own */

	for (size_t i = 0; i < sd->n_targets; i++)
		n += !strcmp(name, short_name(&sd->targets[i]));
	return n == 1;
}

static void write_entry(struct buf *out, const struct origin *o, const char *job, const char *instance,
                        const char *path)
{
	buf_puts(out, out->len > 1 ? ",\n" : "\n");
	buf_puts(out, "{\"targets\":[");
	buf_json(out, o->host);
	buf_puts(out, "],\"labels\":{\"job\":");
	buf_json(out, job);
	buf_puts(out, ",\"instance\":");
	buf_json(out, instance);
	buf_puts(out, ",\"__scheme__\":");
	buf_json(out, o->scheme);
	buf_puts(out, ",\"__metrics_path__\":");
	buf_json(out, path);
	buf_puts(out, "}}");
}

void sd_write(struct buf *out, struct arena *a, const struct sd_request *sd)
{
	struct origin o = origin_of(a, sd);

	buf_putc(out, '[');
	for (size_t i = 0; i < sd->n_targets; i++) {
		const struct target *t = &sd->targets[i];
		const char *name = short_name(t), *instance, *path;

		if (!*name)
			instance = sd->hostname;
		else if (is_unique(sd, t) || !t->name)
			instance = arena_printf(a, "%s/%s", sd->hostname, name);
		else
			instance = arena_printf(a, "%s/%s/%s", sd->hostname, t->exporter->name, name);
		path = arena_printf(a, "%s/metrics/%s%s%s", o.prefix, t->exporter->name, t->name ? "/" : "",
		                    t->name ? t->name : "");
		write_entry(out, &o, t->exporter->job_is_name && t->name ? t->name : t->exporter->job, instance, path);
	}
	write_entry(out, &o, "vedette", arena_printf(a, "%s/vedette", sd->hostname),
	            arena_printf(a, "%s/metrics/agent", o.prefix));
	buf_puts(out, "\n]\n");
}
