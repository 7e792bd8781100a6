#include "logs/journal.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/clock.h"
#include "logs/entry.h"

/* More than any line that is shipped, so that it is us who cut, with a mark. */
enum { DATA_MAX = 512 * 1024, FIELD_MAX = 256, MATCH_MAX = 1024 };

struct journal {
	sd_journal *journal;
	const struct log_journal_source *settings;
	bool at_next; /* the next entry is the one that it is at already */
};

/* What an entry is asked for besides its message: the journal's name and ours. */
static const struct {
	const char *name, *ours;
} fields[JOURNAL_FIELDS] = {
	{"_SYSTEMD_UNIT", "unit"},
	{"UNIT", "about_unit"},
	{"PRIORITY", "priority"},
	{"SYSLOG_IDENTIFIER", "syslog_identifier"},
	{"_HOSTNAME", "hostname"},
	{"_TRANSPORT", "transport"},
	{"_PID", "pid"},
	{"_UID", "uid"},
	{"_COMM", "comm"},
	{"_BOOT_ID", "boot_id"},
	{"MESSAGE_ID", "message_id"},
	{"CONTAINER_NAME", "container_name"},
};

static int failed(struct err *err, const char *what, int rc)
{
	errno = -rc;
	return err_errno(err, "the journal: %s", what);
}

/* "nginx" means nginx.service, as it does for systemctl. */
static void add_unit(sd_journal *j, const char *unit)
{
	const char *suffix = strchr(unit, '.') ? "" : ".service";
	static const char *const by[] = {"_SYSTEMD_UNIT", "UNIT", "OBJECT_SYSTEMD_UNIT", "COREDUMP_UNIT"};
	static const char *const from[] = {NULL, "_PID=1", "_UID=0", "_UID=0"}; /* who may tell of others */
	char match[MATCH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(by); i++) {
		snprintf(match, sizeof(match), "%s=%s%s", by[i], unit, suffix);
		sd_journal_add_match(j, match, 0);
		if (from[i])
			sd_journal_add_match(j, from[i], 0);
		sd_journal_add_disjunction(j);
	}
}

static void add_matches(sd_journal *j, const struct log_journal_source *s)
{
	char match[MATCH_MAX];

	for (size_t i = 0; i < s->units.n; i++)
		add_unit(j, s->units.items[i]);
	sd_journal_add_conjunction(j);
	for (size_t i = 0; i < s->matches.n; i++) {
		snprintf(match, sizeof(match), "%s=%s", s->matches.items[i].key, s->matches.items[i].value);
		sd_journal_add_match(j, match, 0);
	}
}

static bool any_readable(const char *pattern, bool *any)
{
	glob_t g = {0};
	bool readable = false;

	if (glob(pattern, GLOB_NOSORT, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++) {
			*any = true;
			readable |= access(g.gl_pathv[i], R_OK) == 0;
		}
	globfree(&g);
	return readable;
}

/* libsystemd passes over files that it may not read without a word. */
static int check_access(const struct log_journal_source *s, struct err *err)
{
	static const char *const usual[] = {"/var/log/journal", "/run/log/journal"};
	static const char *const below[] = {"/*.journal", "/*/*.journal"};
	bool any = false, readable = false;
	char pattern[PATH_MAX];

	for (size_t d = 0; d < (s->directory ? 1 : ARRAY_LEN(usual)); d++)
		for (size_t k = 0; k < ARRAY_LEN(below); k++) {
			snprintf(pattern, sizeof(pattern), "%s%s", s->directory ? s->directory : usual[d], below[k]);
			readable |= any_readable(pattern, &any);
		}
	if (readable)
		return 0;
	if (any)
		return err_set(
			err,
			"none of the journal's files may be read; make the user that vedette runs as a member of "
			"the group systemd-journal");
	return err_set(err, "no journal below %s; where the agent is itself in a container, mount it there, read-only",
	               s->directory ? s->directory : "/var/log/journal or /run/log/journal");
}

static int seek(struct journal *j, const char *cursor, bool *moved, struct err *err)
{
	int64_t from = (clock_real_ns() - j->settings->max_age) / 1000;
	int rc;

	if (!*cursor)
		rc = sd_journal_seek_realtime_usec(j->journal, from > 0 ? (uint64_t)from : 0);
	else
		rc = sd_journal_seek_cursor(j->journal, cursor);
	if (rc < 0)
		return failed(err, "cannot be moved in", rc);
	if (!*cursor)
		return 0;
	rc = sd_journal_next(j->journal);
	*moved = rc <= 0 || sd_journal_test_cursor(j->journal, cursor) <= 0;
	j->at_next = rc > 0 && *moved;
	return 0;
}

int journal_open(struct journal **out, const struct log_journal_source *settings, const char *cursor, bool *moved,
                 struct err *err)
{
	struct journal *j;
	int rc;

	*moved = false;
	if (check_access(settings, err) < 0)
		return -1;
	j = calloc(1, sizeof(*j));
	if (!j)
		abort();
	j->settings = settings;
	if (settings->directory)
		rc = sd_journal_open_directory(&j->journal, settings->directory, 0);
	else
		rc = sd_journal_open(&j->journal, SD_JOURNAL_LOCAL_ONLY);
	if (rc < 0) {
		free(j);
		return failed(err, "cannot be opened", rc);
	}
	sd_journal_set_data_threshold(j->journal, DATA_MAX);
	add_matches(j->journal, settings);
	if (seek(j, cursor, moved, err) < 0) {
		journal_close(j);
		return -1;
	}
	(void)sd_journal_get_fd(j->journal); /* from now on it is told of changes */
	*out = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	sd_journal_close(j->journal);
	free(j);
}

static void take(struct arena *a, struct span data, struct journal_entry *out)
{
	struct span name;

	if (!scan_until(&data, '=', &name))
		return;
	if (span_eq(name, "MESSAGE") && !out->message.s)
		out->message = span_keep(a, data);
	for (size_t i = 0; i < JOURNAL_FIELDS && data.len <= FIELD_MAX; i++)
		if (!out->fields[i].value.s && span_eq(name, fields[i].name))
			out->fields[i].value = span_keep(a, data);
}

static void take_data(struct journal *j, struct arena *a, struct journal_entry *out)
{
	struct span data;
	const void *at;
	uint64_t usec;
	int rc = sd_journal_get_realtime_usec(j->journal, &usec);

	out->timestamp_ns = rc < 0 ? clock_real_ns() : (int64_t)usec * 1000;
	sd_journal_restart_data(j->journal);
	while ((rc = sd_journal_enumerate_available_data(j->journal, &at, &data.len)) > 0) {
		data.s = at;
		take(a, data, out);
	}
	out->damaged = rc < 0 && !out->message.s;
}

int journal_next(struct journal *j, struct arena *a, struct journal_entry *out, struct err *err)
{
	int rc = j->at_next ? 1 : sd_journal_next(j->journal);

	j->at_next = false;
	if (rc <= 0)
		return rc < 0 ? failed(err, "cannot be read on", rc) : 0;
	*out = (struct journal_entry){0};
	for (size_t i = 0; i < JOURNAL_FIELDS; i++)
		out->fields[i].name = span_of(fields[i].ours);
	take_data(j, a, out);
	return 1;
}

bool journal_cursor(struct journal *j, char out[CURSOR_MAX])
{
	char CLEANUP_FREE *cursor = NULL;

	if (sd_journal_get_cursor(j->journal, &cursor) < 0 || strlen(cursor) >= CURSOR_MAX)
		return false;
	strcpy(out, cursor);
	return true;
}

int journal_fd(const struct journal *j)
{
	return sd_journal_get_fd(j->journal);
}

bool journal_changed(struct journal *j)
{
	return sd_journal_process(j->journal) != SD_JOURNAL_NOP;
}
