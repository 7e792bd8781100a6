#include <stdio.h>

#include "command.h"

enum exit_status cmd_version(const struct options *o)
{
	(void)o;
	puts("vedette " VEDETTE_VERSION);
	return EXIT_DONE;
}
