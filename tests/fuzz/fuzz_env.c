/* Any text as a .env file: what all programs make of it, and what the warnings say. */
#include <assert.h>

#include "config/env_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct faults CLEANUP(faults_fini) faults = {0};
	struct env_file env;
	char *text = arena_strndup(&a, (const char *)data, size);

	if (env_file_parse(&a, "fuzz.env", text, size, &env, &faults) < 0) {
		assert(faults.n && faults.text.len);
		return 0;
	}
	assert(!faults.n && env.n <= ENV_MAX_PAIRS);
	for (size_t i = 0; i < env.n; i++)
		assert(*env.pairs[i].name && env.pairs[i].value && env.pairs[i].line);
	for (size_t i = 0; i < env.n_warnings; i++)
		assert(strstr(env.warnings[i], "fuzz.env:") == env.warnings[i]);
	return 0;
}
