/* Lines of Docker's json-file driver, whole and in pieces. */
#include "log_pipeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct plan *plan;
	static struct arena a;

	if (!plan)
		plan = plan_of(&a, "stages:\n- docker: {max_bytes: 16KiB}\n");
	run_lines(plan, data, size, false);
	return 0;
}
