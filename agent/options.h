/* The command line: one table of options for all commands, spelt as Prometheus' own programs spell them.
 * Strings point into argv and live as long as the program. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "collect/reader.h"

struct options {
	const char *config_file;    /* NULL: none, run on what is found */
	const char *env_file;       /* NULL: none */
	const char *listen_address; /* NULL: as the config says */
	const char *web_config_file;
	const char *external_url;
	bool allow_insecure;
	const char *storage_path;
	const char *procfs, *sysfs, *rootfs;
	const char *log_level, *log_format;
	bool print;            /* config: the settings in force */
	bool markdown, json;   /* metrics: the form of the reference */
	bool openmetrics;      /* scrape */
	bool dry_run;          /* ship */
	const char *source;    /* ship; NULL: the one that reads the file */
	const char *query;     /* scrape sql: only this one, with its rows */
	const char *positions; /* convert; NULL: none */
	bool overwrite;        /* convert */
	bool help;
	char **arguments; /* what is left, NULL-terminated */
};

/* 0, or -1 with a sentence about the option that is wrong. argv[0] is the command's name. */
MUST_CHECK int options_parse(struct options *out, const char *command, int argc, char **argv, struct err *err);

/* Prints the options that the command takes. */
void options_help(const char *command);

/* As given, without a trailing slash. */
struct roots options_roots(const struct options *o);

enum log_level options_log_level(const struct options *o);
enum log_format options_log_format(const struct options *o);
