/* What collectors do alike whose target is asked in SQL, a database or PgBouncer's console. On the lane's thread;
 * memory is the probe's arena. */
#pragma once

#include "collect/collector.h"
#include "net/pg.h"

/* Asks until the probe's deadline; `name` is what rests after a time-out. */
MUST_CHECK int probe_ask(struct probe *p, const char *name, const char *sql, const struct pg_rows **rows,
                         struct err *err);

/* Sees whether a new client gets in: metrics[0] is whether, metrics[1] how long it took, which is absent when in vain.
 */
MUST_CHECK int probe_login(struct probe *p, const struct metric_desc metrics[2], struct sample_set *set,
                           struct err *err);
