/* Limits the entries of each stream: `rate` in a second, after `burst` at once. What is over it is dropped and counted.
 *
 * Streams are told apart by their labels; beyond a number of them, two may share a limit. */
#include "base/clock.h"
#include "logs/stage.h"

enum { BUCKETS = 64 };

struct config {
	double rate;
	int64_t burst;
};

struct bucket {
	uint64_t key;
	int64_t filled_ns;
	double tokens;
};

struct state {
	struct bucket buckets[BUCKETS];
};

static const struct field rows[] = {
	{.name = "rate",
         .type = FIELD_DOUBLE,
         .offset = FIELD_AT(struct config, rate, double),
         .required = true,
         .help = "Entries of a stream in a second."},
	F_INT(struct config, burst, "0", "Entries at once; 0: as many as in a second.", 0, 1000000000),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *from = settings;
	struct config *c = ARENA_NEW(a, struct config);

	if (!(from->rate > 0 && from->rate <= 1e9))
		return err_set(err, "rate must be above 0; to ship nothing, leave the source out");
	*c = *from;
	if (!c->burst)
		c->burst = c->rate < 1 ? 1 : (int64_t)c->rate;
	*out = c;
	return 0;
}

/* The stream's bucket, or else one that has been left alone for longest. */
static struct bucket *bucket_of(struct state *state, const struct config *c, uint64_t key, int64_t now_ns)
{
	struct bucket *oldest = &state->buckets[0];

	for (size_t i = 0; i < BUCKETS; i++) {
		struct bucket *b = &state->buckets[i];

		if (b->filled_ns && b->key == key)
			return b;
		if (b->filled_ns < oldest->filled_ns)
			oldest = b;
	}
	*oldest = (struct bucket){key, now_ns, (double)c->burst};
	return oldest;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	int64_t now = stage_now_ns(s);
	struct bucket *b = bucket_of(s->state, c, log_pairs_hash(&e->labels), now);

	b->tokens += ns_to_seconds(now - b->filled_ns) * c->rate;
	if (b->tokens > (double)c->burst)
		b->tokens = (double)c->burst;
	b->filled_ns = now;
	if (b->tokens < 1)
		return stage_dropped(e, "limit");
	b->tokens -= 1;
	return STAGE_NEXT;
}

const struct stage_kind stage_limit = {
	.settings = {.name = "limit",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Limits the entries of each stream in a second; drops what is over it."},
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.run = run,
};
