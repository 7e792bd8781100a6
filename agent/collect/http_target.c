#include "collect/http_target.h"

#include <string.h>

const struct field http_basic_auth_fields[] = {
	F_STRING(struct http_access, username, NULL, "User name."),
	F_SECRET(struct http_access, password, "The password that goes with it."),
	{0},
};

const struct field http_tls_fields[] = {
	F_STRING(struct http_access, ca_file, NULL, "Certificates to trust instead of the system's."),
	F_STRING(struct http_access, cert_file, NULL, "Our own certificate, where the server asks for one."),
	F_STRING(struct http_access, key_file, NULL, "The key of our own certificate."),
	F_BOOL(struct http_access, insecure_skip_verify, "false",
               "Trust any certificate; anybody may then answer in the server's place."),
	{0},
};

int http_url_check(const char *url, struct err *err)
{
	const char *host = strstr(url, "://");

	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return err_set(err, "the url begins with http:// or https://");
	if (memchr(host + 3, '@', strcspn(host + 3, "/?#")))
		return err_set(err,
		               "the url holds a user or a password, which errors would show; write them below "
		               "basic_auth");
	return 0;
}

int http_access_check(const struct http_access *access, struct err *err)
{
	if (access->username && access->bearer_token)
		return err_set(err, "basic_auth and bearer_token exclude each other; keep one");
	if (access->password && !access->username)
		return err_set(err, "basic_auth: username is missing");
	if (!access->cert_file != !access->key_file)
		return err_set(err, "tls: cert_file and key_file go together");
	return 0;
}
