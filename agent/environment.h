/* What a command does first: the --env-file into the environment, then the settings.
 * Faults and warnings go to stderr, one line each. */
#pragma once

#include "settings.h"

/* Applies --env-file once per process, and loads the settings; NULL after having said what is wrong. */
struct settings *load_or_complain(const struct options *o);
