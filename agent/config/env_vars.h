/* $NAME and its relatives, as the readers of .env files replace them. Inside of config only; pure, any thread. */
#pragma once

#include "config/env_rules.h"

enum env_vars {
	ENV_VARS_COMPOSE,  /* $NAME ${NAME} ${NAME:-x} ${NAME-x} ${NAME:+x} ${NAME+x} ${NAME:?x} ${NAME?x} $$ */
	ENV_VARS_CAPITALS, /* $NAME ${NAME}, where NAME is of capitals, digits and _ */
	ENV_VARS_BASH,     /* as Compose, and the positional and special ones */
	ENV_VARS_BRACES,   /* ${NAME} ${NAME:-x} */
};

MUST_CHECK int env_replace(struct span text, enum env_vars kind, const struct env_lookup *vars, struct buf *out,
                           struct err *err);

/* Replaces what begins with the $ at the beginning of `at`; its length, or 0 after an error. A $ that begins
 * nothing stays. */
size_t env_replace_one(struct span at, enum env_vars kind, const struct env_lookup *vars, struct buf *out,
                       struct err *err);
