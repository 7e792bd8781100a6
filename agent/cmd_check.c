/* Reads the settings and says all that is wrong with them. */
#include <stdio.h>

#include "command.h"
#include "environment.h"
#include "settings.h"

enum exit_status cmd_check(const struct options *o)
{
	struct settings *s = load_or_complain(o);
	struct faults CLEANUP(faults_fini) faults;
	int rc;

	faults_init(&faults);
	if (!s)
		return EXIT_WRONG;
	rc = web_check(&s->web, &faults);
	if (rc < 0)
		fputs(faults.text.data, stderr);
	else
		printf("%s: all good\n", o->config_file ? o->config_file : "no --config.file, defaults");
	settings_free(s);
	return rc < 0 ? EXIT_WRONG : EXIT_DONE;
}
