/* web.yml, in the form that Prometheus' exporters share: TLS, client certificates, users, response headers.
 *
 * One struct webconfig is one loaded state of that file and of the certificates it names: immutable, counted, and
 * replaced as a whole when any of these files changes. Only the web thread uses it. */
#pragma once

#include <gnutls/gnutls.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "config/bind.h"

enum client_auth {
	CLIENT_NONE,
	CLIENT_REQUEST,
	CLIENT_REQUIRE_ANY,
	CLIENT_VERIFY_IF_GIVEN,
	CLIENT_REQUIRE_AND_VERIFY,
};

struct tls_settings {
	const char *cert_file, *key_file, *cert, *key;
	const char *client_ca_file, *client_ca;
	int client_auth_type; /* enum client_auth */
	struct string_list client_allowed_sans;
	int min_version, max_version; /* index into TLS10 … TLS13 */
	bool prefer_server_cipher_suites;
	struct string_list cipher_suites, curve_preferences;
};

struct http_settings {
	bool http2;
	struct string_map headers;
};

struct rate_limit_settings {
	const char *interval, *burst;
};

struct webconfig_file {
	struct tls_settings tls_server_config;
	struct http_settings http_server_config;
	struct string_map basic_auth_users; /* name and bcrypt hash */
	struct rate_limit_settings rate_limit;
};

/* What a file looked like when it was read. */
struct stamp {
	const char *path; /* NULL: none */
	dev_t dev;
	ino_t inode;
	off_t size;
	struct timespec mtime;
};

enum { WEBCONFIG_STAMPS = 4 };

struct webconfig {
	unsigned refs;
	struct arena arena;
	struct webconfig_file file;
	bool tls;
	gnutls_certificate_credentials_t credentials; /* NULL without TLS */
	gnutls_priority_t priority;
	struct stamp stamps[WEBCONFIG_STAMPS];
};

extern const struct field webconfig_fields[];

/* path NULL: neither TLS nor users. All faults are found in one go. */
MUST_CHECK int webconfig_load(struct webconfig **out, const char *path, struct faults *faults);
struct webconfig *webconfig_ref(struct webconfig *c);
void webconfig_unref(struct webconfig *c); /* NULL is allowed */

/* Whether a file that it was made from is another one now. */
bool webconfig_changed(const struct webconfig *c);
/* Takes note of how the files look now, although `c` was made before: they were tried, and are broken. */
void webconfig_stamp(struct webconfig *c);

/* Somebody has to prove who he is. */
bool webconfig_guarded(const struct webconfig *c);
