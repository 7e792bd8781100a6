/* Turns another agent's configuration into ours. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "command.h"
#include "convert/convert.h"

static int convert(const struct options *o, const char *path, struct conversion *c)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct faults CLEANUP(faults_fini) faults;
	struct err err = {""};
	size_t len;
	char *text;

	faults_init(&faults);
	if (file_read(&a, path, CONFIG_MAX_BYTES, &text, &len, &err) < 0) {
		fprintf(stderr, "vedette: %s\n", err.text);
		return -1;
	}
	if (convert_promtail(path, text, len, c, &faults) < 0) {
		fputs(faults.text.data, stderr);
		return -1;
	}
	if (o->positions && convert_positions(o->positions, o->storage_path, o->overwrite, c, &err) < 0) {
		fprintf(stderr, "vedette: %s\n", err.text);
		return -1;
	}
	return 0;
}

enum exit_status cmd_convert(const struct options *o)
{
	struct conversion CLEANUP(conversion_fini) c = {0};
	int rc;

	if (!*o->arguments || strcmp(*o->arguments, "promtail") != 0) {
		fprintf(stderr, "vedette: convert knows one kind of file; write vedette convert promtail FILE\n");
		return EXIT_USAGE;
	}
	if (!o->arguments[1] || o->arguments[2]) {
		fprintf(stderr, "vedette: convert takes one file; write vedette convert promtail FILE\n");
		return EXIT_USAGE;
	}
	rc = convert(o, o->arguments[1], &c);
	fputs(c.said.data ? c.said.data : "", stderr);
	if (rc < 0)
		return EXIT_WRONG;
	fputs(c.out.data ? c.out.data : "", stdout);
	return fflush(stdout) == 0 && !c.lost ? EXIT_DONE : EXIT_WRONG;
}
