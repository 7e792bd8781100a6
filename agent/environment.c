#include "environment.h"

#include <stdio.h>

struct settings *load_or_complain(const struct options *o)
{
	struct settings *s;
	struct faults faults;

	faults_init(&faults);
	s = settings_load(o, &faults);
	if (!s)
		fputs(faults.text.data, stderr);
	faults_fini(&faults);
	return s;
}
