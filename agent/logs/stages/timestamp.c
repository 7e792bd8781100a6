/* Takes the entry's time from an extracted value. What cannot be read is counted and keeps the time of reading. */
#include "logs/stage.h"
#include "logs/time_parse.h"

enum { FORMATS_MAX = 8 };

struct config {
	const char *source, *format, *location;
	struct string_list fallback_formats;
	int action_on_failure;
};

enum { SKIP, FUDGE };

static const char *const actions[] = {[SKIP] = "skip", [FUDGE] = "fudge", NULL};

struct plan {
	const char *source;
	const struct time_format *formats[FORMATS_MAX + 1];
	size_t n;
	bool fudge;
};

struct state {
	int64_t last_ns; /* the last time that could be read, or was made up; 0: none yet */
};

static const struct field rows[] = {
	{.name = "source",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct config, source, const char *),
         .required = true,
         .help = "The extracted value that holds the time."},
	{.name = "format",
         .type = FIELD_STRING,
         .offset = FIELD_AT(struct config, format, const char *),
         .required = true,
         .help = "`rfc3339`, `unix`, `unix_ms`, `unix_us`, `unix_ns` or a layout such as `%Y-%m-%d %H:%M:%S.%f %z` or "
                 "Go's "
                 "`2006-01-02 15:04:05 -0700`."},
	F_STRINGS(struct config, fallback_formats, NULL, "Formats to try, in turn, where the first does not fit."),
	F_STRING(struct config, location, "UTC",
                 "Where times are that name no zone: `UTC`, an offset as `+02:00`, or `Europe/Berlin`."),
	F_ENUM(struct config, action_on_failure, "skip",
               "What a time becomes that cannot be read: `skip` keeps the time of reading, `fudge` takes the last one "
               "before.",
               actions),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;
	struct plan *p = ARENA_NEW(a, struct plan);

	if (c->fallback_formats.n > FORMATS_MAX)
		return err_set(err, "%zu fallback_formats; write at most %d", c->fallback_formats.n, FORMATS_MAX);
	p->source = c->source;
	p->fudge = c->action_on_failure == FUDGE;
	for (; p->n <= c->fallback_formats.n; p->n++) {
		const char *format = p->n ? c->fallback_formats.items[p->n - 1] : c->format;

		if (time_format_compile(a, format, c->location, &p->formats[p->n], err) < 0)
			return -1;
	}
	*out = p;
	return 0;
}

static bool read_time(const struct plan *p, const struct span *source, struct log_entry *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (time_parse(p->formats[i], *source, e->timestamp_ns, &e->timestamp_ns))
			return true;
	return false;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct plan *p = s->plan;
	const struct span *source = stage_source(e, p->source);
	struct state *state = s->state;
	bool good = source && read_time(p, source, e);

	if (!good)
		stage_fail(s, source ? "no such time" : "source is missing");
	if (!good && p->fudge && state->last_ns)
		e->timestamp_ns = state->last_ns + 1;
	if (good || state->last_ns)
		state->last_ns = e->timestamp_ns;
	return STAGE_NEXT;
}

const struct stage_kind stage_timestamp = {
	.settings = {.name = "timestamp",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Takes the entry's time from an extracted value."},
	.state_size = sizeof(struct state),
	.prepare = prepare,
	.run = run,
};
