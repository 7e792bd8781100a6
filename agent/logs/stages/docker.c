/* Unpacks the lines of Docker's json-file driver: {"log":"text\n","stream":"stdout","time":"2026-…Z"}.
 *
 * The time becomes the entry's, the stream a label. Docker cuts what is longer than 16 KiB; the pieces, all but the
 * last without a newline at their end, are joined again. */
#include "logs/json_read.h"
#include "logs/stages/common_hold.h"
#include "logs/time_parse.h"

struct config {
	uint64_t max_bytes;
};

enum { LOG, STREAM, TIME, MEMBERS };

static const struct json_want wants[MEMBERS] = {
	[LOG] = {{{"log", 3}}, 1},
	[STREAM] = {{{"stream", 6}}, 1},
	[TIME] = {{{"time", 4}}, 1},
};

static const struct field rows[] = {
	{.name = "max_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct config, max_bytes, uint64_t),
         .def = "256KiB",
         .min = 16384,
         .max = 256 * 1024,
         .help = "The most bytes of a line that is put together; the rest of it becomes another one."},
	{0},
};

/* True when a whole line has ended; the newline is taken off. */
static bool take_newline(struct span *line)
{
	bool whole = line->len && line->s[line->len - 1] == '\n';

	line->len -= whole;
	if (whole && line->len && line->s[line->len - 1] == '\r')
		line->len--;
	return whole;
}

static bool unpack(struct stage *s, struct log_entry *e)
{
	struct json_value members[MEMBERS];

	if (!json_read(e->arena, e->line, wants, MEMBERS, members) || members[LOG].kind != JSON_READ_STRING)
		return false;
	e->line = members[LOG].text;
	if (members[STREAM].kind == JSON_READ_STRING &&
	    !log_pairs_set(&e->labels, SPAN("stream"), members[STREAM].text))
		stage_fail(s, "too many labels");
	if (members[TIME].kind != JSON_READ_STRING || !time_parse_rfc3339(members[TIME].text, &e->timestamp_ns))
		stage_fail(s, "no such time");
	return true;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct config *c = s->plan;

	if (!unpack(s, e)) {
		stage_fail(s, "not Docker's JSON");
		return STAGE_NEXT;
	}
	return hold_piece(s, e, take_newline(&e->line), c->max_bytes);
}

const struct stage_kind stage_docker = {
	.settings = {.name = "docker",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Unpacks the lines of Docker's json-file driver."},
	.state_size = sizeof(struct holds),
	.run = run,
	.flush = hold_flush,
	.due_ns = hold_due_ns,
	.held_from = hold_from,
	.fini = hold_fini,
};
