/* Any text as a configuration: bound or refused with faults; what was bound is printed and binds again. */
#include <assert.h>

#include "config/bind.h"
#include "config/print.h"
#include "tests/unit/config_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void bind_again(struct arena *a, const struct sample *s)
{
	struct buf CLEANUP_BUF once = {0}, twice = {0};
	struct faults CLEANUP(faults_fini) faults = {0};
	struct sample again;

	config_print(sample_fields, s, &once);
	assert(once.data);
	if (once.len > CONFIG_MAX_BYTES)
		return;
	if (bind_text(a, "printed", once.data, once.len, sample_fields, &again, &faults) < 0) {
		fprintf(stderr, "%s\n%s\n", once.data, faults.text.data);
		abort();
	}
	config_print(sample_fields, &again, &twice);
	assert(once.len == twice.len && !memcmp(once.data, twice.data, once.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct faults CLEANUP(faults_fini) faults = {0};
	struct sample s;

	if (memmem(data, size, "_file", 5)) /* would open what the text says */
		return 0;
	if (bind_text(&a, "fuzz.yml", (const char *)data, size, sample_fields, &s, &faults) < 0) {
		assert(faults.n && faults.text.len);
		return 0;
	}
	assert(!faults.n);
	bind_again(&a, &s);
	return 0;
}
