/* What a sample costs: to add it to a set, and to write it as text, with values as a machine has them and, apart,
 * with values that all need 16 or 17 digits. usage: encode SAMPLES... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "metric/exposition.h"

enum { PER_FAMILY = 1000, ROUNDS = 5 };

struct cost {
	double add, write; /* nanoseconds per sample */
	size_t bytes;
};

/* Whole numbers, large counters and hundredths; one in fifty is a quotient that needs all digits. */
static double value_of(size_t i, bool ragged)
{
	if (ragged || i % 50 == 49)
		return (double)(i + 1) / 7.1;
	switch (i % 3) {
	case 0: return (double)(i % 97);
	case 1: return (double)(i * 4099);
	default: return (double)i / 100.0;
	}
}

static void fill(struct sample_set *set, struct arena *a, size_t n, bool ragged)
{
	static const char *const modes[] = {"idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"};
	const struct metric_desc *desc = NULL;
	char name[64], device[32];

	for (size_t i = 0; i < n; i++) {
		if (i % PER_FAMILY == 0) {
			snprintf(name, sizeof(name), "bench_device_%zu_seconds_total", i / PER_FAMILY);
			desc = metric_desc_new(a, name, METRIC_COUNTER, "Seconds that a device spent.");
		}
		snprintf(device, sizeof(device), "device%zu", i % PER_FAMILY / 8);
		sample_add(set, desc, value_of(i, ragged), LABELS({"device", device}, {"mode", modes[i % 8]}));
	}
}

static struct cost measure(size_t n, bool ragged)
{
	struct arena arena = {0}, scratch = {0};
	struct sample_set set;
	const struct sample_set *sets[] = {&set};
	struct cost best = {1e9, 1e9, 0};

	for (int round = 0; round < ROUNDS; round++) {
		struct buf CLEANUP_BUF out = {0};
		int64_t start = clock_mono_ns(), filled;
		double add, write;

		sample_set_init(&set, &arena, NULL);
		fill(&set, &arena, n, ragged);
		filled = clock_mono_ns();
		exposition_write(&out, EXPOSITION_TEXT, &scratch, sets, 1);
		write = (double)(clock_mono_ns() - filled) / (double)n;
		add = (double)(filled - start) / (double)n;
		best.add = add < best.add ? add : best.add;
		best.write = write < best.write ? write : best.write;
		best.bytes = out.len;
		arena_reset(&arena);
		arena_reset(&scratch);
	}
	arena_fini(&arena);
	arena_fini(&scratch);
	return best;
}

int main(int argc, char **argv)
{
	printf("ns per sample:\n%10s %12s %8s %8s %22s\n", "samples", "bytes", "add", "write", "write, all digits");
	for (int i = 1; i < argc; i++) {
		size_t n = strtoul(argv[i], NULL, 10);
		struct cost cost = measure(n, false), ragged = measure(n, true);

		printf("%10zu %12zu %8.1f %8.1f %22.1f\n", n, cost.bytes, cost.add, cost.write, ragged.write);
	}
	return 0;
}
