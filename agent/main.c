/* vedette: watches this machine and the document platform on it. Picks the command and leaves. */
#include <stdio.h>
#include <string.h>

#include "command.h"

static const struct command commands[] = {
	{"run", "", "Collect and serve; what happens without a command.", cmd_run},
	{"check", "", "Read the settings and say everything that is wrong with them.", cmd_check},
	{"scrape", "[EXPORTER...]", "Collect once and print the samples.", cmd_scrape},
	{"ship", "[FILE|-]", "Show what each stage does to each line of a file; with --dry-run only.", cmd_ship},
	{"convert", "promtail FILE",
         "Turn Promtail's configuration into the logs of our settings. Exits with 1 where something in it has no "
         "equal; "
         "what that is, and what to do, stands beside the place.",
         cmd_convert},
	{"metrics", "", "Print the reference of all metrics.", cmd_metrics},
	{"config", "", "Print the reference of all settings.", cmd_config},
	{"healthcheck", "", "Ask the running agent whether it is well; for containers.", cmd_healthcheck},
	{"version", "", "Print the version.", cmd_version},
};

static void help_all(void)
{
	puts("Usage: vedette [COMMAND] [OPTION...]\n\n"
	     "Watches one machine and the services on it, and tells Prometheus.\n\nCommands:");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		printf("  %-12s %s\n", commands[i].name, commands[i].help);
	puts("\nOptions of run (vedette COMMAND --help shows those of the others):");
	options_help("run");
	puts("\nMetrics are at http://127.0.0.1:19100/metrics, a status page at http://127.0.0.1:19100/.");
}

static void help_one(const struct command *c)
{
	printf("Usage: vedette %s [OPTION...]%s%s\n\n%s\n\nOptions:\n", c->name, *c->arguments ? " " : "", c->arguments,
	       c->help);
	options_help(c->name);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static enum exit_status usage_error(const char *sentence)
{
	fprintf(stderr, "vedette: %s\n", sentence);
	return EXIT_USAGE;
}

static enum exit_status run_command(const struct command *c, int argc, char **argv)
{
	struct options options;
	struct err err;

	if (options_parse(&options, c->name, argc, argv, &err) < 0)
		return usage_error(err.text);
	if (options.help) {
		help_one(c);
		return EXIT_DONE;
	}
	if (*options.arguments && !*c->arguments) {
		err_set(&err, "vedette %s takes no argument %s; see vedette %s --help", c->name, *options.arguments,
		        c->name);
		return usage_error(err.text);
	}
	log_setup(options_log_level(&options), options_log_format(&options));
	return c->run(&options);
}

int main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";
	const struct command *c = find(first);
	struct err err;

	if (!strcmp(first, "--help") || !strcmp(first, "-h") || !strcmp(first, "help")) {
		help_all();
		return EXIT_DONE;
	}
	if (!strcmp(first, "--version"))
		return cmd_version(NULL);
	if (c)
		return run_command(c, argc - 1, argv + 1);
	if (*first && *first != '-') {
		err_set(&err, "there is no command %s; see vedette --help", first);
		return usage_error(err.text);
	}
	return run_command(&commands[0], argc, argv);
}
