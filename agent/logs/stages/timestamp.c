/* Takes the entry's time from an extracted value. What cannot be read is counted and keeps the time of reading. */
#include "logs/stage.h"
#include "logs/time_parse.h"

enum { FORMATS_MAX = 8 };

struct config {
	const char *source, *format, *location;
	struct string_list fallback_formats;
};

struct plan {
	const char *source;
	const struct time_format *formats[FORMATS_MAX + 1];
	size_t n;
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
         .help = "`rfc3339`, `unix`, `unix_ms`, `unix_us`, `unix_ns` or a layout such as `%Y-%m-%d %H:%M:%S.%f %z`."},
	F_STRINGS(struct config, fallback_formats, NULL, "Formats to try, in turn, where the first does not fit."),
	F_STRING(struct config, location, "UTC", "Where times are that name no zone: `UTC`, or an offset as `+02:00`."),
	{0},
};

static int prepare(struct arena *a, const void *settings, const void **out, struct err *err)
{
	const struct config *c = settings;
	struct plan *p = ARENA_NEW(a, struct plan);

	if (c->fallback_formats.n > FORMATS_MAX)
		return err_set(err, "%zu fallback_formats; write at most %d", c->fallback_formats.n, FORMATS_MAX);
	p->source = c->source;
	for (; p->n <= c->fallback_formats.n; p->n++) {
		const char *format = p->n ? c->fallback_formats.items[p->n - 1] : c->format;

		if (time_format_compile(a, format, c->location, &p->formats[p->n], err) < 0)
			return -1;
	}
	*out = p;
	return 0;
}

static enum stage_result run(struct stage *s, struct log_entry *e)
{
	const struct plan *p = s->plan;
	const struct span *source = stage_source(e, p->source);

	if (!source) {
		stage_fail(s, "source is missing");
		return STAGE_NEXT;
	}
	for (size_t i = 0; i < p->n; i++)
		if (time_parse(p->formats[i], *source, e->timestamp_ns, &e->timestamp_ns))
			return STAGE_NEXT;
	stage_fail(s, "no such time");
	return STAGE_NEXT;
}

const struct stage_kind stage_timestamp = {
	.settings = {.name = "timestamp",
                     .type = FIELD_STRUCT,
                     .fields = rows,
                     .item_size = sizeof(struct config),
                     .help = "Takes the entry's time from an extracted value."},
	.prepare = prepare,
	.run = run,
};
