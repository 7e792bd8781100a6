/* The thread that pushes batches to Loki, one at a time and in their order, and never gives up but where Loki says so.
 *
 * Before each push it is written to the inflight file; once Loki has it, its checkpoint is committed. A push that is
 * too large as a whole is sent in parts. */
#pragma once

#include "logs/batch.h"
#include "logs/inflight.h"
#include "logs/log_metrics.h"
#include "logs/settings.h"

struct sender;

struct sender_setup {
	const struct loki_settings *loki;
	struct positions *positions;
	struct inflight *inflight;
	struct log_counts *counts;
	int wake_fd; /* an eventfd to be written when a batch is done */
};

/* What was under way before a restart goes first; the positions already tell of it as delivered, on disk they do later.
 */
MUST_CHECK int sender_start(struct sender **out, const struct sender_setup *setup, struct err *err);

/* Makes it end soon; a push under way is broken off. Then false where it has not ended by the deadline (monotonic):
 * all that it uses must then stay. */
void sender_stop(struct sender *s);
bool sender_join(struct sender *s, int64_t deadline_ns);
void sender_free(struct sender *s); /* NULL is allowed; it has ended */

/* What Loki said last when it did not take all. */
struct sender_trouble {
	int64_t since_ns; /* monotonic; 0: it takes what it gets */
	char text[400];
};

/* Any thread. */
struct sender_trouble sender_trouble(struct sender *s);

/* Gives it a batch, when it has none; false otherwise. The batch is the sender's until sender_idle. */
bool sender_offer(struct sender *s, struct batch *b);
bool sender_idle(struct sender *s);
