#include "options.h"

#include <getopt.h>
#include <string.h>

struct option_row {
	const char *name;
	const char *argument; /* NULL: a switch */
	const char *help;
	size_t offset;
	const char *commands;       /* the commands that take it; NULL: all */
	const char *const *choices; /* NULL: any text */
};

static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
static const char *const formats[] = {"logfmt", "json", NULL};

#define AT(member) offsetof(struct options, member)

static const struct option_row rows[] = {
	{"config.file", "FILE", "The settings. Without one, vedette runs on what it finds.", AT(config_file)},
	{"env-file", "FILE", "Variables for ${NAME} in the settings, read as Compose reads a .env file.", AT(env_file)},
	{"web.listen-address", "ADDRESS", "HOST:PORT or unix:/PATH to serve on.", AT(listen_address),
         "run check config healthcheck"},
	{"web.config.file", "FILE", "TLS, users and headers, in the format of Prometheus' own programs.",
         AT(web_config_file), "run check config healthcheck"},
	{"web.external-url", "URL", "Where Prometheus reaches this agent; used in /sd.", AT(external_url),
         "run check config"},
	{"web.allow-insecure", NULL, "Allow listening beyond loopback without authentication.", AT(allow_insecure),
         "run check config"},
	{"storage.path", "DIR", "Where it keeps how far logs have been delivered.", AT(storage_path), "run convert"},
	{"path.procfs", "DIR", "Where the machine's /proc is.", AT(procfs), "run scrape"},
	{"path.sysfs", "DIR", "Where the machine's /sys is.", AT(sysfs), "run scrape"},
	{"path.rootfs", "DIR", "Where the machine's / is.", AT(rootfs), "run scrape"},
	{"log.level", "LEVEL", "debug, info, warn or error.", AT(log_level), NULL, levels},
	{"log.format", "FORMAT", "logfmt or json.", AT(log_format), NULL, formats},
	{"print", NULL, "Print the settings in force, secrets masked, instead of the reference.", AT(print), "config"},
	{"markdown", NULL, "Print the reference as Markdown (the default).", AT(markdown), "metrics"},
	{"json", NULL, "Print the reference as JSON.", AT(json), "metrics"},
	{"openmetrics", NULL, "Print OpenMetrics 1.0.0 instead of the text format 0.0.4.", AT(openmetrics), "scrape"},
	{"query", "NAME", "Of sql: ask only this query, and show its rows too.", AT(query), "scrape"},
	{"dry-run", NULL, "Send nothing, show what would be sent and why.", AT(dry_run), "ship"},
	{"source", "NAME", "The source of the settings whose stages are run: its name, or its number.", AT(source),
         "ship"},
	{"positions", "FILE", "Promtail's positions, to go on where it was; written to --storage.path.", AT(positions),
         "convert"},
	{"overwrite", NULL, "Replace positions that are there already.", AT(overwrite), "convert"},
	{"help", NULL, "Print this.", AT(help)},
};

static bool contains_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; p && (p = strstr(p, word)); p++)
		if ((p == words || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static bool takes(const struct option_row *row, const char *command)
{
	return !row->commands || contains_word(row->commands, command);
}

static int set_option(struct options *o, const struct option_row *row, const char *value, struct err *err)
{
	char *at = (char *)o + row->offset;
	const char *const *choice = row->choices;

	while (choice && *choice && strcmp(*choice, value) != 0)
		choice++;
	if (choice && !*choice)
		return err_set(err, "--%s: %s is not one of: %s", row->name, value, row->help);
	if (row->argument)
		*(const char **)at = value;
	else
		*(bool *)at = true;
	return 0;
}

int options_parse(struct options *out, const char *command, int argc, char **argv, struct err *err)
{
	struct option longs[ARRAY_LEN(rows) + 1] = {0};
	int at = 0, c;

	*out = (struct options){.storage_path = "/var/lib/vedette",
	                        .procfs = "/proc",
	                        .sysfs = "/sys",
	                        .rootfs = "/",
	                        .log_level = "info",
	                        .log_format = "logfmt"};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		longs[i] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument, NULL, 0};
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, ":h", longs, &at)) != -1) {
		if (c == 'h') {
			out->help = true;
			continue;
		}
		if (c == ':')
			return err_set(err, "%s needs a value; see vedette %s --help", argv[optind - 1], command);
		if (c == '?' || !takes(&rows[at], command))
			return err_set(err, "vedette %s has no option %s; see vedette %s --help", command,
			               argv[optind - 1], command);
		if (set_option(out, &rows[at], optarg, err) < 0)
			return -1;
	}
	out->arguments = argv + optind;
	return 0;
}

void options_help(const char *command)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char left[48];

		if (!takes(&rows[i], command))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].argument ? "=" : "",
		         rows[i].argument ? rows[i].argument : "");
		printf("  %-30s %s\n", left, rows[i].help);
	}
}

/* "/" becomes "" and "/host/" becomes "/host", so that a path can follow. */
static const char *without_slash(const char *path, char out[256])
{
	size_t n = strlen(path);

	while (n && path[n - 1] == '/')
		n--;
	snprintf(out, 256, "%.*s", (int)n, path);
	return out;
}

struct roots options_roots(const struct options *o)
{
	static char proc[256], sys[256], rootfs[256];

	return (struct roots){without_slash(o->procfs, proc), without_slash(o->sysfs, sys),
	                      without_slash(o->rootfs, rootfs)};
}

static int index_of(const char *const *names, const char *name)
{
	int i = 0;

	while (names[i] && strcmp(names[i], name) != 0)
		i++;
	return i;
}

enum log_level options_log_level(const struct options *o)
{
	return (enum log_level)index_of(levels, o->log_level);
}

enum log_format options_log_format(const struct options *o)
{
	return (enum log_format)index_of(formats, o->log_format);
}
