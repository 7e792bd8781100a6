/* What the agent itself would say of a part that was just made: nothing is written that `vedette check` refuses. */
#include "convert/source.h"
#include "logs/settings.h"

/* The first fault, without its place, which is none of the file's. */
static struct span reason_of(const struct faults *faults)
{
	struct span rest = {faults->text.data ? faults->text.data : "", faults->text.len}, line, part;

	if (!scan_line(&rest, &line))
		return SPAN("");
	if (span_starts(line, "x:"))
		for (int i = 0; i < 4; i++)
			(void)scan_until(&line, i < 3 ? ':' : ' ', &part);
	return line;
}

static bool is_fine(struct arena *a, const char *text, size_t len, const struct string_map *external,
                    struct faults *faults)
{
	struct log_settings s;

	return bind_text(a, "x", text, len, log_settings_fields(a), &s, faults) == 0 &&
	       log_settings_finish(a, &s, external, NULL, faults) == 0;
}

bool accepted(struct writer *w, const struct node *at, const char *text, const struct string_map *external)
{
	struct arena CLEANUP(arena_fini) a = {0};
	struct faults CLEANUP(faults_fini) faults;
	static const struct string_map none;
	struct span why;

	faults_init(&faults);
	if (is_fine(&a, text, strlen(text), external ? external : &none, &faults))
		return true;
	why = reason_of(&faults);
	note(w, at, NO_EQUAL, "left out, for vedette would not take it: %.*s", (int)why.len, why.s);
	return false;
}

bool write_stage(struct writer *w, const struct node *at, int indent, struct buf *text)
{
	struct buf CLEANUP_BUF whole = {0};
	bool good;

	buf_printf(&whole, "loki: {url: http://x}\nsources:\n  - file: {paths: [/x]}\n    stages:\n%s", text->data);
	good = accepted(w, at, whole.data, NULL);
	write_comments(w, indent);
	if (good)
		buf_put(w->out, text->data, text->len);
	w->stages += good;
	return good;
}
