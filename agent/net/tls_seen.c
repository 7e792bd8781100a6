#include "net/tls_seen.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/attr.h"
#include "base/buf.h"

static int slot; /* of ours in a context */

static void make_slot(void)
{
	slot = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	if (slot < 0)
		abort();
}

static int64_t expiry_of(const X509 *cert)
{
	struct tm tm;

	return ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) ? (int64_t)timegm(&tm) : 0;
}

static int64_t earliest_of(STACK_OF(X509) * certs)
{
	int64_t earliest = 0;

	for (int i = 0; i < sk_X509_num(certs); i++) {
		int64_t expiry = expiry_of(sk_X509_value(certs, i));

		if (!i || expiry < earliest)
			earliest = expiry;
	}
	return earliest;
}

static void free_bio(BIO **bio)
{
	BIO_free(*bio);
}

/* As RFC 2253 has it: "CN=host,O=Organisation" */
static const char *name_of(struct arena *a, const X509_NAME *name)
{
	BIO *bio CLEANUP(free_bio) = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (!bio)
		abort();
	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &text);
	return arena_strndup(a, text, (size_t)len);
}

static const char *fingerprint_of(struct arena *a, const X509 *cert)
{
	struct buf CLEANUP_BUF hex = {0};
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (!X509_digest(cert, EVP_sha256(), digest, &len))
		return "";
	for (unsigned i = 0; i < len; i++)
		buf_printf(&hex, "%02x", digest[i]);
	return arena_strdup(a, hex.data);
}

static void free_names(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

static const char *alternatives_of(struct arena *a, const X509 *cert)
{
	GENERAL_NAMES *names CLEANUP(free_names) = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	struct buf CLEANUP_BUF list = {.max = 4096};

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS)
			continue;
		buf_puts(&list, list.len ? "," : "");
		buf_put(&list, ASN1_STRING_get0_data(name->d.dNSName), (size_t)ASN1_STRING_length(name->d.dNSName));
	}
	return arena_strndup(a, list.data ? list.data : "", list.len);
}

static const char *version_of(const SSL *ssl)
{
	switch (SSL_version(ssl)) {
	case TLS1_VERSION: return "TLS 1.0";
	case TLS1_1_VERSION: return "TLS 1.1";
	case TLS1_2_VERSION: return "TLS 1.2";
	case TLS1_3_VERSION: return "TLS 1.3";
	default: return "unknown";
	}
}

static void on_event(const SSL *ssl, int where, int result)
{
	struct tls_seen *seen = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot);
	const X509 *cert = where & SSL_CB_HANDSHAKE_DONE ? SSL_get0_peer_certificate(ssl) : NULL;
	STACK_OF(X509) *verified = cert ? SSL_get0_verified_chain(ssl) : NULL;

	(void)result;
	seen->begun = true;
	if (!cert || seen->version)
		return;
	seen->version = version_of(ssl);
	seen->earliest_expiry = earliest_of(SSL_get_peer_cert_chain(ssl));
	if (verified && SSL_get_verify_result(ssl) == X509_V_OK)
		seen->chain_expiry = earliest_of(verified);
	seen->fingerprint = fingerprint_of(seen->arena, cert);
	seen->subject = name_of(seen->arena, X509_get_subject_name(cert));
	seen->issuer = name_of(seen->arena, X509_get_issuer_name(cert));
	seen->alternatives = alternatives_of(seen->arena, cert);
}

/* What the server showed, also where it is refused next: an expired certificate must not hide when it ended */
static int on_verify(int ok, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_seen *seen = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot);

	seen->earliest_expiry = earliest_of(X509_STORE_CTX_get0_untrusted(store));
	return ok;
}

static CURLcode on_context(CURL *curl, void *context, void *seen)
{
	(void)curl;
	SSL_CTX_set_ex_data(context, slot, seen);
	SSL_CTX_set_info_callback(context, on_event);
	SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), on_verify);
	return CURLE_OK;
}

void tls_watch(CURL *curl, struct tls_seen *seen)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_slot);
	curl_easy_setopt(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, seen);
}
