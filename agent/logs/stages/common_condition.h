/* What drop and keep ask of an entry: an expression, a value, its age, its length; all that are given must hold. Pure.
 */
#pragma once

#include "logs/stage.h"

struct condition {
	const struct regex *expression;
	const char *source, *value;
	int64_t older_than;
	uint64_t longer_than;
	const char *reason; /* of drop: how it is counted */
};

extern const struct field condition_fields[];

MUST_CHECK int condition_prepare(struct arena *a, const void *settings, const void **out, struct err *err);
bool condition_holds(struct stage *s, const struct log_entry *e);
