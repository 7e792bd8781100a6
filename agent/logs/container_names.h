/* What Docker calls a container, from the config.v2.json beside its log; its socket is not needed.
 *
 * That file also holds the container's environment, and with it secrets: only what is named here is taken out of it,
 * and the text is wiped. Only the reader's thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* Texts are in the arena; NULL: not known. */
struct container_names {
	const char *name, *image, *project, *service; /* the latter two are compose's */
};

/* `log_path`: of the container's log. False where Docker does not say (yet); err is then empty, or tells why not. The
 * name is the beginning of the container's id then. *changed_ns: when the file was last written, 0: never. */
MUST_CHECK bool container_names_read(struct arena *a, const char *log_path, struct container_names *out,
                                     int64_t *changed_ns, struct err *err);

/* When the file was last written; 0: it is not there. */
int64_t container_names_changed_ns(const char *log_path);
