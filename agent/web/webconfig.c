#include "web/webconfig.h"

#include <ctype.h>
#include <string.h>

#include "web/auth.h"
#include "web/tls.h"

enum { TLS10, TLS11, TLS12, TLS13 };

static const char *const versions[] = {"TLS10", "TLS11", "TLS12", "TLS13", NULL};
static const char *const client_auths[] = {"NoClientCert",
                                           "RequestClientCert",
                                           "RequireAnyClientCert",
                                           "VerifyClientCertIfGiven",
                                           "RequireAndVerifyClientCert",
                                           NULL};
/* The headers that may be set; others could contradict what the server itself sends. */
static const char *const header_names[] = {"Content-Security-Policy", "Strict-Transport-Security",
                                           "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"};

static const struct field tls_fields[] = {
	F_STRING(struct tls_settings, cert_file, NULL, "The server's certificate chain, PEM."),
	F_STRING(struct tls_settings, key_file, NULL, "Its private key, PEM."),
	F_STRING(struct tls_settings, cert, NULL, "The certificate chain itself instead of a file."),
	F_STRING(struct tls_settings, key, NULL, "The private key itself instead of a file."),
	F_ENUM(struct tls_settings, client_auth_type, "NoClientCert", "Whether clients must show a certificate.",
               client_auths),
	F_STRING(struct tls_settings, client_ca_file, NULL, "The authorities whose client certificates are good."),
	F_STRING(struct tls_settings, client_ca, NULL, "The authorities themselves instead of a file."),
	F_STRINGS(struct tls_settings, client_allowed_sans, NULL, "Names of which a client certificate must have one."),
	F_ENUM(struct tls_settings, min_version, "TLS12", "The oldest version of TLS: TLS12 or TLS13.", versions),
	F_ENUM(struct tls_settings, max_version, "TLS13", "The newest version of TLS.", versions),
	F_BOOL(struct tls_settings, prefer_server_cipher_suites, "true", "The server's order of ciphers counts."),
	F_STRINGS(struct tls_settings, cipher_suites, NULL, "Not implemented: GnuTLS' own choice is used."),
	F_STRINGS(struct tls_settings, curve_preferences, NULL, "Not implemented: GnuTLS' own choice is used."),
	{0},
};

static const struct field http_fields[] = {
	F_BOOL(struct http_settings, http2, "true", "Accepted for compatibility; HTTP/1.1 is what is spoken."),
	F_MAP(struct http_settings, headers, "Security headers that every response gets."),
	{0},
};

static const struct field rate_limit_fields[] = {
	F_STRING(struct rate_limit_settings, interval, NULL, "Not implemented."),
	F_STRING(struct rate_limit_settings, burst, NULL, "Not implemented."),
	{0},
};

const struct field webconfig_fields[] = {
	F_STRUCT(struct webconfig_file, tls_server_config, tls_fields, "TLS."),
	F_STRUCT(struct webconfig_file, http_server_config, http_fields, "HTTP."),
	F_MAP(struct webconfig_file, basic_auth_users, "Users and the bcrypt hashes of their passwords."),
	F_STRUCT(struct webconfig_file, rate_limit, rate_limit_fields, "Not implemented."),
	{0},
};

/* Checks of one file: where to put the faults. */
struct check {
	const char *path;
	struct faults *faults;
};

#define FAULT(c, ...) faults_add((c)->faults, (c)->path, 0, 0, __VA_ARGS__)

static void check_unimplemented(const struct check *c, const struct webconfig_file *f)
{
	if (f->tls_server_config.cipher_suites.n)
		FAULT(c, "tls_server_config.cipher_suites is not implemented: remove it, min_version says enough");
	if (f->tls_server_config.curve_preferences.n)
		FAULT(c, "tls_server_config.curve_preferences is not implemented: remove it");
	if (f->rate_limit.interval || f->rate_limit.burst)
		FAULT(c, "rate_limit is not implemented: remove it, connections and times are limited in any case");
}

static void check_tls(const struct check *c, const struct tls_settings *t)
{
	bool cert = t->cert_file || t->cert, key = t->key_file || t->key, ca = t->client_ca_file || t->client_ca;

	if (cert != key)
		FAULT(c, "tls_server_config has a %s but no %s: give both", cert ? "certificate" : "key",
		      cert ? "key_file" : "cert_file");
	if ((t->cert_file && t->cert) || (t->key_file && t->key) || (t->client_ca_file && t->client_ca))
		FAULT(c, "tls_server_config gives the same thing inline and as a file: keep one");
	if (!cert && !key && (ca || t->client_auth_type))
		FAULT(c, "client certificates need TLS: give cert_file and key_file");
	if (t->min_version < TLS12 || t->max_version < TLS12)
		FAULT(c, "TLS 1.0 and 1.1 are not offered: write TLS12 or TLS13");
	else if (t->min_version > t->max_version)
		FAULT(c, "min_version is newer than max_version");
	if (!ca && (t->client_auth_type == CLIENT_VERIFY_IF_GIVEN || t->client_auth_type == CLIENT_REQUIRE_AND_VERIFY))
		FAULT(c, "client_auth_type %s needs client_ca_file", client_auths[t->client_auth_type]);
	if (ca && t->client_auth_type == CLIENT_NONE)
		FAULT(c, "client_ca_file has no effect without client_auth_type: write RequireAndVerifyClientCert");
	if (t->client_allowed_sans.n && t->client_auth_type != CLIENT_VERIFY_IF_GIVEN &&
	    t->client_auth_type != CLIENT_REQUIRE_AND_VERIFY)
		FAULT(c, "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert");
}

static bool header_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(header_names); i++)
		if (!strcasecmp(name, header_names[i]))
			return true;
	return false;
}

static void check_headers(const struct check *c, const struct string_map *headers)
{
	for (size_t i = 0; i < headers->n; i++) {
		if (!header_known(headers->items[i].key))
			FAULT(c, "http_server_config.headers: %.64s cannot be set here", headers->items[i].key);
		for (const char *p = headers->items[i].value; *p; p++)
			if (iscntrl((unsigned char)*p)) {
				FAULT(c, "http_server_config.headers: %.64s holds control characters",
				      headers->items[i].key);
				break;
			}
	}
}

static void check_users(const struct check *c, const struct string_map *users)
{
	for (size_t i = 0; i < users->n; i++) {
		const char *name = users->items[i].key;

		if (!*name || strchr(name, ':'))
			FAULT(c, "basic_auth_users: the name \"%.64s\" is empty or holds a colon", name);
		switch (auth_hash_check(users->items[i].value)) {
		case HASH_GOOD: break;
		case HASH_BAD:
			FAULT(c, "basic_auth_users: %.64s has no bcrypt hash; make one with: htpasswd -nBC 10 %.64s",
			      name, name);
			break;
		case HASH_TOO_DEAR:
			FAULT(c,
			      "basic_auth_users: %.64s has a bcrypt cost over %d, which takes seconds per login; use "
			      "10",
			      name, AUTH_COST_MAX);
			break;
		}
	}
}

/* Paths are relative to the file that names them. */
static void make_absolute(struct arena *a, const char *base, const char **path)
{
	const char *slash = strrchr(base, '/');

	if (*path && !**path)
		*path = NULL;
	if (*path && **path != '/' && slash)
		*path = arena_printf(a, "%.*s/%s", (int)(slash - base), base, *path);
}

static void stamp_file(struct stamp *s)
{
	struct stat st;

	if (!s->path)
		return;
	*s = (struct stamp){.path = s->path};
	if (stat(s->path, &st) < 0)
		return;
	*s = (struct stamp){s->path, st.st_dev, st.st_ino, st.st_size, st.st_mtim};
}

void webconfig_stamp(struct webconfig *c)
{
	for (size_t i = 0; i < WEBCONFIG_STAMPS; i++)
		stamp_file(&c->stamps[i]);
}

bool webconfig_changed(const struct webconfig *c)
{
	for (size_t i = 0; i < WEBCONFIG_STAMPS; i++) {
		const struct stamp *old = &c->stamps[i];
		struct stamp now = {.path = old->path};

		stamp_file(&now);
		if (now.dev != old->dev || now.inode != old->inode || now.size != old->size ||
		    now.mtime.tv_sec != old->mtime.tv_sec || now.mtime.tv_nsec != old->mtime.tv_nsec)
			return true;
	}
	return false;
}

static int load(struct webconfig *c, const char *path, struct faults *faults)
{
	struct tls_settings *tls = &c->file.tls_server_config;
	struct check check = {path, faults};
	size_t before = faults->n;
	struct err err;

	c->stamps[0].path = path;
	webconfig_stamp(c); /* before reading: a change in between is then seen as one */
	if (bind_file(&c->arena, path, webconfig_fields, &c->file, faults) < 0)
		return -1;
	make_absolute(&c->arena, path, &tls->cert_file);
	make_absolute(&c->arena, path, &tls->key_file);
	make_absolute(&c->arena, path, &tls->client_ca_file);
	c->stamps[1].path = tls->cert_file;
	c->stamps[2].path = tls->key_file;
	c->stamps[3].path = tls->client_ca_file;
	webconfig_stamp(c);
	check_unimplemented(&check, &c->file);
	check_tls(&check, tls);
	check_headers(&check, &c->file.http_server_config.headers);
	check_users(&check, &c->file.basic_auth_users);
	c->tls = tls->cert_file || tls->cert;
	if (faults->n == before && c->tls && tls_load(c, &err) < 0)
		FAULT(&check, "%s", err.text);
	return faults->n == before ? 0 : -1;
}

int webconfig_load(struct webconfig **out, const char *path, struct faults *faults)
{
	struct webconfig *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->refs = 1;
	if (path && load(c, arena_strdup(&c->arena, path), faults) < 0) {
		webconfig_unref(c);
		return -1;
	}
	*out = c;
	return 0;
}

struct webconfig *webconfig_ref(struct webconfig *c)
{
	c->refs++;
	return c;
}

void webconfig_unref(struct webconfig *c)
{
	if (!c || --c->refs)
		return;
	if (c->credentials)
		gnutls_certificate_free_credentials(c->credentials);
	if (c->priority)
		gnutls_priority_deinit(c->priority);
	arena_fini(&c->arena);
	free(c);
}

bool webconfig_guarded(const struct webconfig *c)
{
	return c->file.basic_auth_users.n || c->file.tls_server_config.client_auth_type == CLIENT_REQUIRE_AND_VERIFY;
}
