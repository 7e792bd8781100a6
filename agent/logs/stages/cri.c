/* Unpacks the lines of containerd and CRI-O: "2026-11-23T01:02:03.000000001Z stdout F text".
 *
 * The time becomes the entry's, the stream a label. What is marked P is a piece of a line; the pieces up to the one
 * that is marked F are joined. */
#include "logs/stages/common_hold.h"
#include "logs/time_parse.h"

struct config {
	uint64_t max_bytes;
};

static const struct field rows[] = {
	{.name = "max_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct config, max_bytes, uint64_t),
         .def = "256KiB",
         .min = 1024,
         .max = 256 * 1024,
         .help = "The most bytes of a line that is put together; the rest of it becomes another one."},
	{0},
};

/* False, and the entry as it was, for what is no such line. */
static bool unpack(struct stage *s, struct log_entry *e, bool *whole)
{
	struct span rest = e->line, time, stream, mark;
	int64_t ns;

	if (!scan_until(&rest, ' ', &time) || !scan_until(&rest, ' ', &stream))
		return false;
	if (!scan_until(&rest, ' ', &mark)) {
		mark = rest;
		rest = (struct span){rest.s + rest.len, 0};
	}
	*whole = span_starts(mark, "F");
	if ((!*whole && !span_starts(mark, "P")) || (mark.len > 1 && mark.s[1] != ':') ||
	    (!span_eq(stream, "stdout") && !span_eq(stream, "stderr")) || !time_parse_rfc3339(time, &ns))
		return false;
	e->line = rest;
	e->timestamp_ns = ns;
	if (!log_pairs_set(&e->labels, SPAN("stream"), stream))
		stage_fail(s, "too many labels");
	return true;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;
	bool whole;

	if (!unpack(s, e, &whole)) {
		stage_fail(s, "not CRI");
		return STAGE_NEXT;
	}
	return hold_piece(s, e, whole, c->max_bytes);
}

const struct stage_kind stage_cri = {
	.settings = {.name = "cri",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Unpacks the lines of containerd and CRI-O."},
	.state_size = sizeof(struct holds),
	.run = run,
	.flush = hold_flush,
	.due_ns = hold_due_ns,
	.held_from = hold_from,
	.fini = hold_fini,
};
