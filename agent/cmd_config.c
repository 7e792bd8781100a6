/* The reference of all settings, or those in force with secrets masked. */
#include <stdio.h>

#include "command.h"
#include "config/print.h"
#include "environment.h"

static int print_in_force(const struct options *o, struct buf *out)
{
	struct settings *s = load_or_complain(o);

	if (!s)
		return -1;
	config_print(s->fields, s->bound, out);
	settings_free(s);
	return 0;
}

static void print_reference(struct buf *out)
{
	struct arena a = {0};

	config_reference(settings_fields(&a), out);
	arena_fini(&a);
}

enum exit_status cmd_config(const struct options *o)
{
	struct buf CLEANUP_BUF out = {0};

	if (!o->print)
		print_reference(&out);
	else if (print_in_force(o, &out) < 0)
		return EXIT_WRONG;
	return fwrite(out.data, 1, out.len, stdout) == out.len ? EXIT_DONE : EXIT_WRONG;
}
