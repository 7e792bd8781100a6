/* How a web server is entered: who we say we are, and whom we believe. Strings belong to the settings. */
#pragma once

#include <stdbool.h>

struct http_access {
	const char *username, *password; /* NULL: no basic authentication */
	const char *bearer_token;        /* NULL: none */
	const char *ca_file;             /* NULL: the system's authorities */
	const char *cert_file, *key_file;
	bool insecure_skip_verify;
};

struct http_header {
	const char *name, *value;
};
