/* Promtail's configurations: whatever they hold, what comes out is YAML that the agent's own settings take, and each
 * thing without an equal is said. */
#include <assert.h>

#include "convert/convert.h"
#include "logs/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct top {
	struct string_map external_labels;
	struct log_settings logs;
};

/* Variables are those of the machine, and Loki's part may name files: neither is bound here. */
static bool is_complete(const struct conversion *c)
{
	return !strstr(c->out.data, "${") && !strstr(c->out.data, "_file:");
}

static void assert_accepted(struct conversion *c)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct faults CLEANUP(faults_fini) faults;
	struct field *fields = ARENA_ARRAY(&a, struct field, 3);
	struct top top;

	faults_init(&faults);
	fields[0] = (struct field)F_MAP(struct top, external_labels, "");
	fields[1] = (struct field)F_STRUCT(struct top, logs, log_settings_fields(&a), "");
	if (bind_text(&a, "out", c->out.data, c->out.len, fields, &top, &faults) < 0) {
		fprintf(stderr, "%s\n%s", c->out.data, faults.text.data);
		assert(c->lost);
		assert(strstr(faults.text.data, "logs.loki") || strstr(faults.text.data, "external_labels"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conversion CLEANUP(conversion_fini) c = {0};
	struct faults CLEANUP(faults_fini) faults;

	faults_init(&faults);
	if (convert_promtail("p.yml", (const char *)data, size, &c, &faults) < 0) {
		assert(faults.n);
		return 0;
	}
	assert(!c.lost || c.said.len);
	if (is_complete(&c))
		assert_accepted(&c);
	return 0;
}
