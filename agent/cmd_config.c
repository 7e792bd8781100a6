#include "command.h"

enum exit_status cmd_config(const struct options *o)
{
	(void)o;
	return EXIT_WRONG;
}
