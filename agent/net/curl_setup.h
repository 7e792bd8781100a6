/* What all users of libcurl here tell it in the same way. Only for agent/net; called on the handle's thread. */
#pragma once

#include <curl/curl.h>

#include "net/http_access.h"

/* NULL: nobody in particular, and whom the system believes. Older TLS than 1.2 is none. */
void curl_set_access(CURL *curl, const struct http_access *access);

/* 0, or -1 when memory is out; a header without a value is sent as one. */
int curl_add_header(struct curl_slist **list, const char *name, const char *value);
