#include "net/curl_setup.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"

static void set_credentials(CURL *curl, const struct http_access *access)
{
	if (access->username) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERNAME, access->username);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, access->password ? access->password : "");
	} else if (access->bearer_token) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, access->bearer_token);
	}
}

void curl_set_access(CURL *curl, const struct http_access *access)
{
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!access)
		return;
	set_credentials(curl, access);
	if (access->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, access->ca_file);
	if (access->cert_file)
		curl_easy_setopt(curl, CURLOPT_SSLCERT, access->cert_file);
	if (access->key_file)
		curl_easy_setopt(curl, CURLOPT_SSLKEY, access->key_file);
	if (access->insecure_skip_verify) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

int curl_add_header(struct curl_slist **list, const char *name, const char *value)
{
	char CLEANUP_FREE *text = NULL;
	struct curl_slist *longer;

	/* curl leaves a header without a value out, unless it ends with a semicolon */
	if (asprintf(&text, *value ? "%s: %s" : "%s;", name, value) < 0)
		abort();
	longer = curl_slist_append(*list, text);
	if (!longer)
		return -1;
	*list = longer;
	return 0;
}
