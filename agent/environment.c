#include "environment.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/env_file.h"

static int apply_env_file(const char *path, struct faults *faults)
{
	struct arena a = {0};
	struct env_file env;
	int rc = env_file_load(&a, path, &env, faults);

	if (rc == 0) {
		for (size_t i = 0; i < env.n_warnings; i++)
			fprintf(stderr, "warning: %s\n", env.warnings[i]);
		env_file_apply(&env);
	}
	arena_fini(&a);
	return rc;
}

/* What libpq would send with each login on its own: poolers refuse it, and it would change what servers reply. */
static void forget_session_settings(void)
{
	static const char *const names[] = {"PGOPTIONS", "PGDATESTYLE", "PGTZ", "PGGEQO"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unsetenv(names[i]);
}

struct settings *load_or_complain(const struct options *o)
{
	struct settings *s = NULL;
	struct faults faults;

	faults_init(&faults);
	if (!o->env_file || apply_env_file(o->env_file, &faults) == 0) {
		forget_session_settings();
		s = settings_load(o, &faults);
	}
	if (!s)
		fputs(faults.text.data, stderr);
	faults_fini(&faults);
	return s;
}
