#include "web/tls.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <string.h>

#include "base/file.h"

enum { PEM_MAX = 1024 * 1024, NAME_MAX_BYTES = 1024, NAMES_MAX = 256 };

/* Secrets are wiped before their memory is given back. */
struct pem {
	char *data;
	size_t len;
};

static void pem_wipe(struct pem *pem)
{
	if (pem->data)
		gnutls_memset(pem->data, 0, pem->len);
}

static int pem_read(struct arena *a, const char *path, const char *text, struct pem *out, struct err *err)
{
	if (path)
		return file_read(a, path, PEM_MAX, &out->data, &out->len, err);
	out->data = arena_strdup(a, text ? text : "");
	out->len = strlen(out->data);
	return 0;
}

static gnutls_datum_t datum(const struct pem *pem)
{
	return (gnutls_datum_t){(unsigned char *)pem->data, (unsigned)pem->len};
}

static int load_pair(struct webconfig *c, struct arena *a, struct err *err)
{
	const struct tls_settings *tls = &c->file.tls_server_config;
	struct pem CLEANUP(pem_wipe) cert = {0}, CLEANUP(pem_wipe) key = {0};
	gnutls_datum_t cert_pem, key_pem;
	int rc;

	if (pem_read(a, tls->cert_file, tls->cert, &cert, err) < 0 ||
	    pem_read(a, tls->key_file, tls->key, &key, err) < 0)
		return -1;
	cert_pem = datum(&cert);
	key_pem = datum(&key);
	rc = gnutls_certificate_set_x509_key_mem2(c->credentials, &cert_pem, &key_pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc >= 0)
		return 0;
	return err_set(err, "certificate and key do not make a pair (%s): %s, %s", gnutls_strerror(rc),
	               tls->cert_file ? tls->cert_file : "inline", tls->key_file ? tls->key_file : "inline");
}

static int load_trust(struct webconfig *c, struct arena *a, struct err *err)
{
	const struct tls_settings *tls = &c->file.tls_server_config;
	struct pem ca = {0};
	gnutls_datum_t pem;

	if (!tls->client_ca_file && !tls->client_ca)
		return 0;
	if (pem_read(a, tls->client_ca_file, tls->client_ca, &ca, err) < 0)
		return -1;
	pem = datum(&ca);
	if (gnutls_certificate_set_x509_trust_mem(c->credentials, &pem, GNUTLS_X509_FMT_PEM) > 0)
		return 0;
	return err_set(err, "client_ca_file %s holds no certificate in PEM form",
	               tls->client_ca_file ? tls->client_ca_file : "(inline)");
}

static int load_priority(struct webconfig *c, struct err *err)
{
	static const char *const versions[] = {"", "", ":+VERS-TLS1.2", ":+VERS-TLS1.3"};
	const struct tls_settings *tls = &c->file.tls_server_config;
	char text[128];
	int rc;

	snprintf(text, sizeof(text), "NORMAL:-VERS-ALL%s",
	         tls->prefer_server_cipher_suites ? ":%SERVER_PRECEDENCE" : "");
	for (int v = tls->max_version; v >= tls->min_version; v--)
		strcat(text, versions[v]); /* fits: at most two of them */
	rc = gnutls_priority_init2(&c->priority, text, NULL, 0);
	return rc < 0 ? err_set(err, "TLS settings: %s", gnutls_strerror(rc)) : 0;
}

int tls_load(struct webconfig *c, struct err *err)
{
	struct arena CLEANUP(arena_fini) scratch = {0};

	if (gnutls_certificate_allocate_credentials(&c->credentials) < 0)
		return err_set(err, "no memory for certificates");
	if (load_pair(c, &scratch, err) < 0 || load_trust(c, &scratch, err) < 0)
		return -1;
	return load_priority(c, err);
}

int tls_begin(gnutls_session_t session, const struct webconfig *c)
{
	if (gnutls_priority_set(session, c->priority) < 0 ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->credentials) < 0)
		return -1;
	/* Only asked for here: who sends none, or a bad one, is told in words instead of by a broken handshake. */
	gnutls_certificate_server_set_request(session, c->file.tls_server_config.client_auth_type == CLIENT_NONE
	                                                       ? GNUTLS_CERT_IGNORE
	                                                       : GNUTLS_CERT_REQUEST);
	return 0;
}

static void free_certificate(gnutls_x509_crt_t *crt)
{
	if (*crt)
		gnutls_x509_crt_deinit(*crt);
}

static bool san_equal(unsigned type, const unsigned char *name, size_t len, const char *allowed)
{
	unsigned char ip[sizeof(struct in6_addr)];

	if (type == GNUTLS_SAN_IPADDRESS) {
		size_t want = inet_pton(AF_INET, allowed, ip) == 1 ? 4 : inet_pton(AF_INET6, allowed, ip) == 1 ? 16 : 0;

		return want && len == want && !memcmp(name, ip, len);
	}
	return len == strlen(allowed) && !memcmp(name, allowed, len);
}

static bool san_allowed(const struct string_list *allowed, unsigned type, const unsigned char *name, size_t len)
{
	for (size_t i = 0; i < allowed->n; i++)
		if (san_equal(type, name, len, allowed->items[i]))
			return true;
	return false;
}

static int check_names(const gnutls_datum_t *leaf, const struct string_list *allowed, struct err *err)
{
	gnutls_x509_crt_t CLEANUP(free_certificate) crt = NULL;

	if (!allowed->n)
		return 0;
	if (gnutls_x509_crt_init(&crt) < 0 || gnutls_x509_crt_import(crt, leaf, GNUTLS_X509_FMT_DER) < 0)
		return err_set(err, "Your client certificate cannot be read.");
	for (unsigned i = 0; i < NAMES_MAX; i++) {
		unsigned char name[NAME_MAX_BYTES];
		size_t len = sizeof(name);
		int type = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &len, NULL);

		if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (type >= 0 && san_allowed(allowed, (unsigned)type, name, len))
			return 0;
	}
	return err_set(err, "None of the names in your client certificate is in client_allowed_sans.");
}

static int verify(gnutls_session_t session, struct err *err)
{
	gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID, (void *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0};
	gnutls_datum_t text = {0};
	unsigned status = 0;
	int rc = gnutls_certificate_verify_peers(session, &purpose, 1, &status);

	if (rc < 0)
		return err_set(err, "Your client certificate could not be verified: %s.", gnutls_strerror(rc));
	if (!status)
		return 0;
	if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
		return err_set(err, "Your client certificate is not valid here.");
	err_set(err, "%.200s", (const char *)text.data);
	gnutls_free(text.data);
	return -1;
}

int tls_check_client(gnutls_session_t session, const struct webconfig *c, struct err *err)
{
	const struct tls_settings *tls = &c->file.tls_server_config;
	int mode = tls->client_auth_type;
	unsigned n = 0;
	const gnutls_datum_t *chain;

	if (mode == CLIENT_NONE || mode == CLIENT_REQUEST)
		return 0;
	chain = gnutls_certificate_get_peers(session, &n);
	if (!chain || !n)
		return mode == CLIENT_VERIFY_IF_GIVEN
		               ? 0
		               : err_set(err, "A client certificate is needed here: give your client one.");
	if (mode == CLIENT_REQUIRE_ANY)
		return 0;
	if (verify(session, err) < 0)
		return -1;
	return check_names(&chain[0], &tls->client_allowed_sans, err);
}
