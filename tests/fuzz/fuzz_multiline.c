/* Joining lines, by indentation and by an expression for first lines, and what follows on it. */
#include "log_pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan *plans[2];
	static struct arena a;

	if (!plans[0]) {
		plans[0] = plan_of(&a,
		                   "stages:\n- multiline: {max_lines: 20, max_bytes: 1KiB}\n- level:\n"
		                   "- redact: [password, bearer, jwt, dsn, email]\n");
		plans[1] = plan_of(&a,
		                   "stages:\n- multiline: {first_line: '^(\\d{4}-|\\{|INFO|ERROR)'}\n"
		                   "- replace: {expression: '(a+)b', replace: 'c'}\n"
		                   "- template: {source: x, template: '{{.Entry | ToUpper}}'}\n");
	}
	for (size_t i = 0; i < 2; i++)
		run_lines(plans[i], data, size, true);
	return 0;
}
