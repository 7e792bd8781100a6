/* Cuts long lines, between two characters, and marks the cut. */
#include "logs/stage.h"

struct config {
	uint64_t max_bytes;
	const char *suffix;
};

static const struct field rows[] = {
	{.name = "max_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct config, max_bytes, uint64_t),
         .required = true,
         .min = 16,
         .max = 1 << 20,
         .help = "The most bytes of a line, mark included."},
	F_STRING(struct config, suffix, "…", "The mark at the end of what was cut."),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;

	(void)a;
	if (c->suffix && strlen(c->suffix) > c->max_bytes)
		return err_set(err, "suffix is longer than max_bytes; shorten it");
	*out = settings;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	size_t mark = c->suffix ? strlen(c->suffix) : 0, keep = c->max_bytes - mark;
	char *text;

	if (e->line.len <= c->max_bytes)
		return STAGE_NEXT;
	while (keep && ((unsigned char)e->line.s[keep] & 0xc0) == 0x80)
		keep--;
	text = arena_alloc(e->arena, keep + mark);
	memcpy(text, e->line.s, keep);
	if (mark)
		memcpy(text + keep, c->suffix, mark);
	e->line = (struct span){text, keep + mark};
	stage_fail(s, "cut");
	return STAGE_NEXT;
}

const struct stage_kind stage_truncate = {
	.settings = {.name = "truncate",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Cuts long lines and marks the cut."},
	.prepare = prepare,
	.run = run,
};
