/* Lets a share of the entries through, evenly: of ten, every tenth at a rate of 0.1. */
#include "logs/stage.h"

struct config {
	double rate;
};

struct state {
	double due; /* of the next entry, what has gathered; at 1 one goes through */
};

static const struct field rows[] = {
	{.name = "rate",
         .type = FIELD_DOUBLE,
         .offset = FIELD_AT(struct config, rate, double),
         .required = true,
         .help = "The share that goes through, from 0 to 1."},
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;

	(void)a;
	if (!(c->rate >= 0 && c->rate <= 1))
		return err_set(err, "rate is no share; write a number from 0 to 1, such as 0.1");
	*out = settings;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	struct state *state = s->state;

	state->due += c->rate;
	if (state->due < 1)
		return stage_dropped(e, "sample");
	state->due -= 1;
	return STAGE_NEXT;
}

const struct stage_kind stage_sample = {
	.settings = {.name = "sample",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Lets a share of the entries through."},
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.run = run,
};
