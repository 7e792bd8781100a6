#include "config/env_rules.h"

enum way { AS_WRITTEN, NOTHING, BEGINNING, OTHER, REFUSED, WAYS };

/* For one program, and for several. */
static const char *const ways[WAYS][2] = {
	[AS_WRITTEN] = {"reads it as written", "read it as written"},
	[NOTHING] = {"reads nothing", "read nothing"},
	[BEGINNING] = {"reads only its beginning", "read only its beginning"},
	[OTHER] = {"takes $, # or \\ in it as signs", "take $, # or \\ in it as signs"},
	[REFUSED] = {"cannot read the line", "cannot read the line"},
};

struct reading {
	struct buf text[ENV_READERS];
	enum way way[ENV_READERS];
	bool same;
};

static void free_reading(struct reading *r)
{
	for (size_t i = 0; i < ENV_READERS; i++)
		buf_fini(&r->text[i]);
}

static bool same_text(const struct buf *a, const struct buf *b)
{
	return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

static enum way way_of(const struct buf *text, struct span meant)
{
	bool begins = text->len <= meant.len && (!text->len || !memcmp(text->data, meant.s, text->len));

	if (begins && text->len == meant.len)
		return AS_WRITTEN;
	if (!text->len)
		return NOTHING;
	return begins ? BEGINNING : OTHER;
}

static void read_all(const struct env_statement *s, struct span meant, const struct env_lookup *vars, struct reading *r)
{
	r->same = true;
	for (enum env_reader i = 0; i < ENV_READERS; i++) {
		r->text[i].max = ENV_MAX_VALUE;
		if (!env_read(i, s, vars, &r->text[i])) {
			r->way[i] = REFUSED;
			r->same = false;
			continue;
		}
		r->way[i] = way_of(&r->text[i], meant);
		r->same = r->same && same_text(&r->text[0], &r->text[i]);
	}
}

/* The value without the quotes around it. */
static struct span meant_by(const struct env_statement *s)
{
	struct span meant = span_trim(s->raw);

	if (meant.len > 1 && strchr("'\"", *meant.s) && meant.s[meant.len - 1] == *meant.s)
		return (struct span){meant.s + 1, meant.len - 2};
	return meant;
}

static const char *cure(const struct env_statement *s, struct span meant, const struct env_lookup *vars)
{
	struct reading CLEANUP(free_reading) r = {0};
	struct buf CLEANUP_BUF quoted = {0};
	struct env_statement again = {0};

	if (s->exported || s->colon || s->spaced)
		return "write NAME='value' without export, colon or spaces";
	buf_putc(&quoted, '\'');
	buf_put(&quoted, meant.s, meant.len);
	buf_putc(&quoted, '\'');
	again.raw = (struct span){quoted.data, quoted.len};
	read_all(&again, meant, vars, &r);
	if (!r.same || r.way[ENV_COMPOSE] != AS_WRITTEN)
		return "no quotes help here: keep the value in a file of its own and name that file";
	if (memchr(meant.s, '$', meant.len))
		return "put the value in single quotes (with variables in it written out)";
	return "put the value in single quotes";
}

static void put_readers(const struct reading *r, enum way way, struct buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < ENV_READERS; i++)
		if (r->way[i] == way)
			buf_printf(out, "%s%s", n++ ? ", " : "", env_reader_name((enum env_reader)i));
	if (n)
		buf_printf(out, " %s; ", ways[way][n > 1]);
}

void env_compare(const struct env_statement *s, const struct env_lookup *vars, struct buf *out)
{
	struct reading CLEANUP(free_reading) r = {0};
	struct span meant = meant_by(s);

	read_all(s, meant, vars, &r);
	if (r.same)
		return;
	for (enum way way = NOTHING; way < WAYS; way++)
		put_readers(&r, way, out);
	put_readers(&r, AS_WRITTEN, out);
	buf_puts(out, cure(s, meant, vars));
}
