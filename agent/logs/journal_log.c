#include "logs/journal_log.h"

#include <stdlib.h>

#include "base/log.h"
#include "logs/digest.h"
#include "logs/reading.h"

enum { ENTRIES_AT_ONCE = 1000 };

uint64_t journal_log_key(const char *source_name, const char *journal_directory)
{
	const char *name = source_name ? source_name : "", *directory = journal_directory ? journal_directory : "";

	return digest(name, strlen(name)) * 31 + digest(directory, strlen(directory));
}

struct journal_log *journal_log_new(const struct log_source *source, struct positions *positions)
{
	struct journal_log *j = calloc(1, sizeof(*j));
	uint64_t key = journal_log_key(source->name, source->journal->directory);

	if (!j)
		abort();
	if (!positions_find_cursor(positions, key, &j->last))
		j->last.source = key;
	j->names_service = true;
	for (size_t i = 0; i < source->labels.n; i++)
		j->names_service &= strcmp(source->labels.items[i].key, "service_name") != 0;
	return j;
}

void journal_log_free(struct journal_log *j)
{
	if (j)
		journal_close(j->journal);
	free(j);
}

void journal_log_look(struct journal_log *j, const struct log_source *source)
{
	struct err err;
	bool moved;

	if (j->journal)
		return;
	if (journal_open(&j->journal, source->journal, j->last.text, &moved, &err) < 0) {
		if (!j->complained)
			LOG(WARN, "the journal cannot be read yet", "err", err.text);
		j->complained = true;
		return;
	}
	j->complained = false;
	if (moved)
		LOG(WARN, "the journal does not have the entry any more that was read last; reading on with the next",
		    "cursor", j->last.text);
}

/* Sessions and what was started by hand would each make a stream of their own. */
static bool names_a_service(struct span unit)
{
	static const struct span end = {".service", 8};

	return unit.len > end.len && !memcmp(unit.s + unit.len - end.len, end.s, end.len) &&
	       !span_starts(unit, "run-") && !span_starts(unit, "user@");
}

static const char *level_of(struct span priority)
{
	static const char *const levels[] = {"critical", "critical", "critical", "error",
	                                     "warn",     "info",     "info",     "debug"};

	return priority.len == 1 && *priority.s >= '0' && *priority.s <= '7' ? levels[*priority.s - '0'] : NULL;
}

static void set_default(struct log_pairs *labels, struct span name, struct span value)
{
	if (value.len && !log_pairs_find(labels, name))
		log_pairs_set(labels, name, value);
}

static void label(const struct journal_log *j, struct log_entry *e)
{
	const struct span *unit = log_pairs_find(&e->extracted, SPAN("unit"));
	const struct span *about = log_pairs_find(&e->extracted, SPAN("about_unit"));
	const struct span *priority = log_pairs_find(&e->extracted, SPAN("priority"));
	const char *level = priority ? level_of(*priority) : NULL;
	struct span stem;

	unit = about ? about : unit; /* the manager's words about a unit */
	if (level)
		set_default(&e->labels, SPAN("level"), span_of(level));
	if (!unit || !names_a_service(*unit))
		return;
	stem = (struct span){unit->s, unit->len - strlen(".service")};
	set_default(&e->labels, SPAN("unit"), *unit);
	if (j->names_service)
		log_pairs_set(&e->labels, SPAN("service_name"), stem);
}

static void push(struct journal_log *j, struct reading *g, const struct journal_entry *entry)
{
	struct log_entry *e = &g->entry;
	uint64_t offset = g->f->position.offset;

	reading_entry(g);
	e->timestamp_ns = entry->timestamp_ns;
	for (size_t i = 0; i < JOURNAL_FIELDS; i++)
		if (entry->fields[i].value.len)
			log_pairs_set(&e->extracted, entry->fields[i].name, entry->fields[i].value);
	label(j, e);
	if (!journal_cursor(j->journal, j->last.text))
		j->last.text[0] = '\0';
	strcpy(j->cursors[offset % CURSORS_KEPT], j->last.text);
	if (entry->damaged)
		log_count(&g->r->counts->dropped[DROP_DAMAGED], 1);
	log_count(&g->f->counts->read_bytes, entry->message.len);
	reading_push(g, entry->message.s ? entry->message : SPAN(""), offset + 1);
}

bool journal_log_read(struct journal_log *j, struct reader *r, struct log_file *f)
{
	struct journal_entry entry;
	struct reading g;
	struct err err;
	int rc = 1;

	if (!j->journal)
		return false;
	reading_begin(&g, r, f);
	for (int i = 0; i < ENTRIES_AT_ONCE && !reader_blocked(r); i++) {
		rc = journal_next(j->journal, &r->line, &entry, &err);
		if (rc <= 0)
			break;
		push(j, &g, &entry);
	}
	if (rc < 0) {
		LOG(WARN, "the journal is opened anew", "err", err.text);
		journal_close(j->journal);
		j->journal = NULL;
	}
	return rc > 0;
}

uint64_t journal_log_known(const struct journal_log *j, uint64_t settled, uint64_t recorded, uint64_t offset)
{
	bool kept = settled && settled + CURSORS_KEPT > offset && *j->cursors[(settled - 1) % CURSORS_KEPT];

	return kept ? settled : recorded;
}

bool journal_log_record(const struct journal_log *j, uint64_t settled, struct batch *b)
{
	return batch_add_cursor(b, j->last.source, j->cursors[(settled - 1) % CURSORS_KEPT]);
}
