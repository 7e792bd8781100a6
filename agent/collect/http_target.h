/* Settings that all targets asked over HTTP have in common. Immutable, owned by the settings; any thread. */
#pragma once

#include "config/field.h"
#include "net/http_access.h"

extern const struct field http_basic_auth_fields[], http_tls_fields[];

/* Rows for `struct http_access m` in s: basic_auth, bearer_token, tls. */
// clang-format off
#define HTTP_ACCESS_FIELDS(s, m)                                                                                \
	{.name = "basic_auth", .type = FIELD_STRUCT, .offset = FIELD_AT(s, m, struct http_access),                    \
	 .fields = http_basic_auth_fields, .help = "Log in with a name and a password."},                               \
	{.name = "bearer_token", .type = FIELD_SECRET, .offset = FIELD_AT(s, m.bearer_token, const char *),           \
	 .help = "Log in with a token."},                                                                               \
	{.name = "tls", .type = FIELD_STRUCT, .offset = FIELD_AT(s, m, struct http_access),                           \
	 .fields = http_tls_fields, .help = "For https URLs."}
// clang-format on

/* -1: the URL is none of http or https, or holds a password, which errors would show. */
MUST_CHECK int http_url_check(const char *url, struct err *err);

/* -1: settings that exclude or need each other. */
MUST_CHECK int http_access_check(const struct http_access *access, struct err *err);
