/* The log pipeline's part of the status page. The server's thread; the texts are in the arena. */
#pragma once

#include "logs/shipper.h"
#include "web/web.h"

void logs_page(struct shipper *s, struct arena *a, struct page_section *out);
