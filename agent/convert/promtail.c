/* The whole of a Promtail configuration: its sections in turn. */
#include <ctype.h>

#include "convert/source.h"
#include "metric/metric.h"

static const struct key_note top_keys[] = {
	{"server", GOOD_TO_KNOW, "not needed; vedette serves its metrics and a status page at web.listen_address"},
	{"client", NO_EQUAL, NULL},
	{"clients", NO_EQUAL, NULL},
	{"positions", NO_EQUAL, NULL},
	{"scrape_configs", NO_EQUAL, NULL},
	{"target_config", GOOD_TO_KNOW, "not needed; new files are seen at once"},
	{"limits_config", NO_EQUAL, NULL},
	{"options", GOOD_TO_KNOW, "not needed"},
	{"tracing", GOOD_TO_KNOW, "not needed; vedette sends no traces"},
	{"wal", GOOD_TO_KNOW, "not needed; the files themselves are what is read again after an outage"},
	{0},
};

static const struct key_note client_keys[] = {
	{"url", NO_EQUAL, NULL},
	{"tenant_id", NO_EQUAL, NULL},
	{"basic_auth", NO_EQUAL, NULL},
	{"bearer_token", NO_EQUAL, NULL},
	{"bearer_token_file", NO_EQUAL, NULL},
	{"authorization", NO_EQUAL, NULL},
	{"oauth2", NO_EQUAL, "no equal; use basic_auth, a bearer_token_file that something keeps fresh, or a proxy"},
	{"tls_config", NO_EQUAL, NULL},
	{"proxy_url", NO_EQUAL, NULL},
	{"headers", NO_EQUAL, NULL},
	{"batchwait", NO_EQUAL, NULL},
	{"batchsize", NO_EQUAL, NULL},
	{"timeout", NO_EQUAL, NULL},
	{"external_labels", NO_EQUAL, NULL},
	{"backoff_config", GOOD_TO_KNOW, "not needed; vedette tries for ever, with growing pauses, and loses nothing"},
	{"drop_rate_limited_batches", GOOD_TO_KNOW, "not needed; what Loki has no time for is sent later"},
	{"stream_lag_labels", GOOD_TO_KNOW, "not needed; vedette_logs_* metrics tell how far each source lags"},
	{"max_streams", GOOD_TO_KNOW, "not needed; see max_series of metrics and the stage limit"},
	{"follow_redirects", GOOD_TO_KNOW, NULL},
	{"enable_http2", GOOD_TO_KNOW, NULL},
	{"name", GOOD_TO_KNOW, NULL},
	{0},
};

static const struct key_note tls_keys[] = {
	{"ca_file", NO_EQUAL, NULL},
	{"cert_file", NO_EQUAL, NULL},
	{"key_file", NO_EQUAL, NULL},
	{"insecure_skip_verify", NO_EQUAL, NULL},
	{"server_name", NO_EQUAL, "no equal; write the name that the certificate has into url"},
	{"min_version", GOOD_TO_KNOW, "not needed; TLS 1.2 is the least"},
	{0},
};

static const struct key_note auth_keys[] = {
	{"username", NO_EQUAL, NULL},
	{"password", NO_EQUAL, NULL},
	{"password_file", NO_EQUAL, NULL},
	{"username_file", NO_EQUAL, "no equal; write the username itself, it is no secret"},
	{0},
};

static const struct key_note limit_keys[] = {
	{"readline_rate_enabled", NO_EQUAL, NULL},
	{"readline_rate", GOOD_TO_KNOW, NULL},
	{"readline_burst", GOOD_TO_KNOW, NULL},
	{"readline_rate_drop", GOOD_TO_KNOW, NULL},
	{"max_streams", GOOD_TO_KNOW, "not needed; Loki limits streams, and vedette says what it refused"},
	{"max_line_size", NO_EQUAL, "no equal for all sources; write file: {max_line_bytes}, or drop: {longer_than}"},
	{"max_line_size_truncate", GOOD_TO_KNOW, NULL},
	{0},
};

/* Keys of a client that are one text with us too. */
static const struct {
	const char *theirs, *ours;
} client_texts[] = {
	{"tenant_id", "tenant"},
	{"bearer_token", "bearer_token"},
	{"bearer_token_file", "bearer_token_file"},
	{"proxy_url", "proxy"},
};

static void put_section(struct writer *w, const struct node *client, const char *key, const char *ours,
                        const struct key_note *rows, int indent)
{
	const struct node *section = map_of(w, client, key);
	bool any = false;

	note_keys(w, section, rows);
	for (const struct key_note *row = rows; row->key; row++) {
		const char *text = row->what ? NULL : text_of(w, section, row->key);

		if (!text || !*text)
			continue;
		if (!any)
			write_head(w, indent, ours);
		any = true;
		write_text(w, indent + 2, row->key, text);
	}
}

/* user:password@ of the URL; our settings have it below basic_auth. */
static const char *without_login(struct writer *w, const char *url, const char **user, const char **password)
{
	const char *host = strstr(url, "://"), *at, *colon;

	*user = *password = NULL;
	host = host ? host + 3 : url;
	at = memchr(host, '@', strcspn(host, "/?#"));
	if (!at)
		return url;
	colon = memchr(host, ':', (size_t)(at - host));
	*user = arena_strndup(w->a, host, (size_t)((colon ? colon : at) - host));
	*password = colon ? arena_strndup(w->a, colon + 1, (size_t)(at - colon - 1)) : "";
	return arena_printf(w->a, "%.*s%s", (int)(host - url), url, at + 1);
}

static void put_url(struct writer *w, const struct node *client, int indent)
{
	const char *url = text_of(w, client, "url"), *user, *password;

	if (!url || !*url) {
		note(w, client, NO_EQUAL, "has no url; write where Loki is");
		return;
	}
	write_text(w, indent, "url", without_login(w, url, &user, &password));
	if (!user || value_of(client, "basic_auth"))
		return;
	write_head(w, indent, "basic_auth");
	write_text(w, indent + 2, "username", user);
	write_text(w, indent + 2, "password", password);
}

/* A part of `loki` stays where the agent takes it; parts that name files of secrets are not looked into. */
static void put_checked(struct writer *w, const struct node *client, int indent,
                        void (*put)(struct writer *w, const struct node *client, int indent))
{
	struct buf CLEANUP_BUF text = {0}, whole = {0};
	struct buf *out = w->out;
	bool good;

	w->out = &text;
	w->holding = true;
	put(w, client, indent);
	w->holding = false;
	w->out = out;
	if (!text.len)
		return;
	buf_printf(&whole, "loki:\n%s", text.data);
	good = accepted(w, client, whole.data, NULL);
	write_comments(w, indent);
	if (good)
		buf_put(out, text.data, text.len);
}

static void put_batch(struct writer *w, const struct node *client, int indent)
{
	const struct node *wait = value_of(client, "batchwait"), *size = value_of(client, "batchsize");
	const char *age = wait ? duration_text(w, wait) : NULL, *bytes = size ? size_text(w, size) : NULL;

	if (!age && !bytes)
		return;
	write_head(w, indent, "batch");
	if (age)
		write_text(w, indent + 2, "max_age", age);
	if (bytes)
		write_text(w, indent + 2, "max_bytes", bytes);
}

static void put_timeout(struct writer *w, const struct node *client, int indent)
{
	const struct node *timeout = value_of(client, "timeout");
	const char *time = timeout ? duration_text(w, timeout) : NULL;

	if (time)
		write_text(w, indent, "timeout", time);
}

static void put_headers(struct writer *w, const struct node *client, int indent)
{
	const struct node *headers = map_of(w, client, "headers");
	struct string_map map = {0};

	if (headers)
		map = pairs_of(w, headers, false);
	write_map(w, indent, "headers", &map);
}

static void put_authorization(struct writer *w, const struct node *client, int indent)
{
	const struct node *section = map_of(w, client, "authorization");
	const char *type = text_of(w, section, "type") ?: "Bearer";
	const char *token = text_of(w, section, "credentials"), *file = text_of(w, section, "credentials_file");

	if (section && strcasecmp(type, "Bearer") != 0)
		note(w, section, NO_EQUAL, "authorization: only type Bearer; use headers for another");
	else if (token || file)
		write_text(w, indent, token ? "bearer_token" : "bearer_token_file", token ?: file);
}

static void put_client(struct writer *w, const struct node *client, int indent)
{
	note_keys(w, client, client_keys);
	put_url(w, client, indent);
	for (size_t i = 0; i < ARRAY_LEN(client_texts); i++) {
		const char *text = text_of(w, client, client_texts[i].theirs);

		if (text && *text)
			write_text(w, indent, client_texts[i].ours, text);
	}
	put_authorization(w, client, indent);
	put_section(w, client, "basic_auth", "basic_auth", auth_keys, indent);
	put_section(w, client, "tls_config", "tls", tls_keys, indent);
	put_checked(w, client, indent, put_headers);
	put_checked(w, client, indent, put_batch);
	put_checked(w, client, indent, put_timeout);
	write_comments(w, indent);
}

static const struct node *first_client(struct writer *w, const struct node *root)
{
	const struct node *list = list_of(w, root, "clients"), *first = list ? list->first : map_of(w, root, "client");

	for (const struct node *other = list && first ? first->next : NULL; other; other = other->next)
		note(w, other, NO_EQUAL,
		     "clients: there is one Loki; this other one gets nothing, unless a second vedette with its own "
		     "--storage.path serves it");
	if (first && first->kind == NODE_MAP)
		return first;
	note(w, first ?: root, NO_EQUAL, "clients: none; write logs.loki.url, or set $LOKI_URL");
	return NULL;
}

static void note_limits(struct writer *w, const struct node *limits)
{
	note_keys(w, limits, limit_keys);
	if (truth_of(w, limits, "readline_rate_enabled", false))
		note(w, limits, NO_EQUAL,
		     "readline_rate: no equal for all sources together; use limit: {rate, burst} in "
		     "the stages of each");
}

/* Variables that were read with -config.expand-env stay variables. */
static void keep_variables(struct buf *out)
{
	char *from = out->data, *to = out->data;

	for (; from && *from; from++) {
		size_t n = 0;

		if (!strncmp(from, "$${", 3) && (from == out->data || from[-1] != '$') &&
		    (isalpha((unsigned char)from[3]) || from[3] == '_')) {
			while (isalnum((unsigned char)from[3 + n]) || from[3 + n] == '_')
				n++;
			if (from[3 + n] == '}' || !strncmp(from + 3 + n, ":-", 2))
				from++;
		}
		*to++ = *from;
	}
	if (to) {
		*to = '\0';
		out->len = (size_t)(to - out->data);
	}
}

static struct string_map labels_of(struct writer *w, const struct node *external)
{
	struct string_map all = pairs_of(w, external, false), labels = {0};

	for (size_t i = 0; i < all.n; i++)
		if (label_name_valid(all.items[i].key))
			pairs_set(w, &labels, all.items[i].key, all.items[i].value);
		else
			note(w, external, NO_EQUAL,
			     "external_labels: %s is no name of a label; use letters, digits and _",
			     shown(w, span_of(all.items[i].key)));
	return labels;
}

static void convert_root(struct writer *w, const struct node *root)
{
	const struct node *client, *external, *positions = map_of(w, root, "positions");
	struct string_map labels = {0};

	buf_printf(w->out, "# Made from %s by `vedette convert promtail`.\n", w->file);
	note_keys(w, root, top_keys);
	note_limits(w, map_of(w, root, "limits_config"));
	if (positions)
		note(w, positions, GOOD_TO_KNOW,
		     "positions: to go on where Promtail was, stop it and convert again with --positions=FILE");
	client = first_client(w, root);
	external = map_of(w, client, "external_labels");
	if (external)
		labels = labels_of(w, external);
	write_map(w, 0, "external_labels", &labels);
	write_head(w, 0, "logs");
	if (client) {
		write_head(w, 2, "loki");
		put_client(w, client, 4);
	}
	convert_scrape_configs(w, root, &labels, 2);
	write_comments(w, 2);
}

int convert_promtail(const char *file, const char *text, size_t len, struct conversion *out, struct faults *faults)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct writer w = {.a = &a, .file = file, .to = out, .out = &out->out};
	struct node *root;

	if (yaml_load(&a, file, text, len, &root, faults) < 0 || faults->n)
		return -1;
	if (!root || root->kind != NODE_MAP || !node_find_key(root, SPAN("scrape_configs"))) {
		faults_add(faults, file, root ? root->line : 0, root ? root->column : 0,
		           "no configuration of Promtail's: it has no scrape_configs; give the file that Promtail is "
		           "started "
		           "with");
		return -1;
	}
	convert_root(&w, root);
	keep_variables(&out->out);
	buf_fini(&w.comments);
	return 0;
}
