/* Names to addresses without waiting longer than the caller can: getaddrinfo may take half a minute, so it runs on
 * a helper thread, never two at once for one resolver.
 *
 * A resolver belongs to one lane and is used on its thread. A helper that is stuck keeps what it shares alive and is
 * never joined. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum {
	RESOLVE_ADDRESS_MAX = INET6_ADDRSTRLEN + 17, /* with %eth0 */
	RESOLVE_MAX = 4,
	RESOLVE_NAME_MAX = 256
};

struct addresses {
	size_t n;
	char text[RESOLVE_MAX][RESOLVE_ADDRESS_MAX];
};

struct resolver;

struct resolver *resolver_new(void);
void resolver_free(struct resolver *r); /* NULL is allowed */

/* The first addresses of `host`; at once for what is an address already. -1 when there is none, or when no answer
 * came before the deadline (monotonic): *late then tells which. */
MUST_CHECK int resolve(struct resolver *r, const char *host, int64_t deadline_ns, struct addresses *out, bool *late,
                       struct err *err);

/* For tests: asks this function instead of getaddrinfo. 0, or an EAI_* code. */
typedef int lookup_fn(const char *host, struct addresses *out);
struct resolver *resolver_new_with(lookup_fn *look_up);
