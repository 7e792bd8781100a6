/* What `vedette COMMAND` can do: one row and one file cmd_<name>.c each.
 * Exit status: 0 done, 1 it found something wrong, 2 it was called wrongly. */
#pragma once

#include "options.h"

enum exit_status { EXIT_DONE = 0, EXIT_WRONG = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *arguments; /* for the usage line */
	const char *help;
	enum exit_status (*run)(const struct options *options);
};

enum exit_status cmd_run(const struct options *o);
enum exit_status cmd_check(const struct options *o);
enum exit_status cmd_scrape(const struct options *o);
enum exit_status cmd_ship(const struct options *o);
enum exit_status cmd_convert(const struct options *o);
enum exit_status cmd_metrics(const struct options *o);
enum exit_status cmd_config(const struct options *o);
enum exit_status cmd_healthcheck(const struct options *o);
enum exit_status cmd_version(const struct options *o);
