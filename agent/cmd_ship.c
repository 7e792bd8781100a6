/* Shows what the stages of a source do to the lines of a file or of standard input; sends nothing. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "environment.h"
#include "logs/dry_run.h"
#include "settings.h"

static bool follows(const struct log_source *s, const char *path)
{
	for (size_t i = 0; i < s->follow.paths.n; i++)
		if (!fnmatch(s->follow.paths.items[i], path, FNM_PATHNAME))
			return true;
	return false;
}

/* A source is called by its name, or by its number, as in metrics. */
static bool is_called(const struct log_source *s, size_t i, const char *name)
{
	char number[24];

	snprintf(number, sizeof(number), "%zu", i + 1);
	return !strcmp(s->name ? s->name : number, name);
}

/* The one that is asked for, the one that reads the file, or the only one. */
static const struct log_source *choose(const struct list *sources, const char *name, const char *path)
{
	const struct log_source *all = sources->items;

	for (size_t i = 0; i < sources->n; i++)
		if (name ? is_called(&all[i], i, name) : follows(&all[i], path))
			return &all[i];
	return !name && sources->n == 1 ? all : NULL;
}

static enum exit_status complain(const struct list *sources, const char *name)
{
	const struct log_source *all = sources->items;

	if (!sources->n)
		fprintf(stderr, "vedette: the settings have no logs.sources; give --config.file with some\n");
	else if (name)
		fprintf(stderr, "vedette: there is no source %s; write --source= and one of:", name);
	else
		fprintf(stderr, "vedette: no source reads that file; write --source= and one of:");
	for (size_t i = 0; i < sources->n; i++)
		if (all[i].name)
			fprintf(stderr, " %s", all[i].name);
		else
			fprintf(stderr, " %zu", i + 1);
	if (sources->n)
		fputc('\n', stderr);
	return EXIT_USAGE;
}

/* The source's labels, those that all logs get where it does not say otherwise, and the name of a file. */
static struct string_map labels_of(struct arena *a, const struct log_source *s, const struct string_map *external,
                                   const char *path)
{
	struct string_map all = {ARENA_ARRAY(a, struct string_pair, s->labels.n + external->n + 1), 0};

	if (s->file && strcmp(path, "-") != 0)
		all.items[all.n++] = (struct string_pair){"filename", path};
	for (size_t i = 0; i < external->n; i++)
		all.items[all.n++] = external->items[i];
	for (size_t i = 0; i < s->labels.n; i++)
		all.items[all.n++] = s->labels.items[i];
	return all;
}

static enum exit_status show(struct settings *s, const struct log_source *source, const char *path)
{
	struct string_map labels = labels_of(&s->arena, source, &s->external_labels, path);
	bool standard = !strcmp(path, "-");
	FILE CLEANUP_FILE *file = standard ? NULL : fopen(path, "re");
	struct err err;

	if (!standard && !file) {
		fprintf(stderr, "vedette: cannot open %s: %m; check the path, and that you may read it\n", path);
		return EXIT_WRONG;
	}
	if (dry_run(&source->stages, &labels, standard ? stdin : file, stdout, &err) < 0) {
		fflush(stdout);
		fprintf(stderr, "vedette: %s: %s\n", path, err.text);
		return EXIT_WRONG;
	}
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_WRONG;
}

enum exit_status cmd_ship(const struct options *o)
{
	const char *path = *o->arguments ? *o->arguments : "-";
	const struct log_source *source;
	enum exit_status status;
	struct settings *s;

	if (!o->dry_run) {
		fprintf(stderr,
		        "vedette: ship only shows what would be shipped; write --dry-run (vedette run ships)\n");
		return EXIT_USAGE;
	}
	if (*o->arguments && o->arguments[1]) {
		fprintf(stderr, "vedette: ship takes one file; join several and give - for standard input\n");
		return EXIT_USAGE;
	}
	s = load_or_complain(o);
	if (!s)
		return EXIT_WRONG;
	source = choose(&s->logs.sources, o->source, path);
	status = source ? show(s, source, path) : complain(&s->logs.sources, o->source);
	settings_free(s);
	return status;
}
