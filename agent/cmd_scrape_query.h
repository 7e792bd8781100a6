/* `vedette scrape sql --query NAME`. Prints to stdout, errors to stderr; borrows the settings. Main thread. */
#pragma once

#include "command.h"
#include "settings.h"

enum exit_status scrape_query(const struct settings *s, const char *name);
