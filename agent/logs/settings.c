#include "logs/settings.h"

#include <string.h>

#include "logs/pipeline.h"
#include "metric/metric.h"

enum {
	MIN_BATCH = 4 * 1024,
	MAX_BATCH = 3 * 512 * 1024, /* compressed it must fit into the file of the push that is under way */
	MIN_LINE = 64,
};

static const struct field batch_fields[] = {
	{.name = "max_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct loki_batch, max_bytes, uint64_t),
         .def = "1MiB",
         .min = MIN_BATCH,
         .max = MAX_BATCH,
         .help = "The most that one push holds, uncompressed."},
	{.name = "max_age",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct loki_batch, max_age, int64_t),
         .def = "1s",
         .min = 10000000,
         .max = 60000000000,
         .help = "How long an entry may wait for others."},
	{0},
};

static const struct field basic_auth_fields[] = {
	F_STRING(struct loki_basic_auth, username, NULL, "User name for Loki."),
	F_SECRET(struct loki_basic_auth, password, "The password that goes with it."),
	{0},
};

static const struct field tls_fields[] = {
	F_STRING(struct loki_tls, ca_file, NULL, "Certificates to trust instead of the system's."),
	F_STRING(struct loki_tls, cert_file, NULL, "Our own certificate, where Loki asks for one."),
	F_STRING(struct loki_tls, key_file, NULL, "The key of our own certificate."),
	F_BOOL(struct loki_tls, insecure_skip_verify, "false",
               "Trust any certificate; anybody may then read the logs."),
	{0},
};

static const struct field loki_fields[] = {
	F_STRING(struct loki_settings, url, NULL,
                 "Where Loki is; /loki/api/v1/push is added where there is no path. Default: $LOKI_URL."),
	F_STRING(struct loki_settings, tenant, NULL, "Sent as X-Scope-OrgID."),
	F_STRUCT(struct loki_settings, batch, batch_fields, "How much is sent at once."),
	F_STRUCT(struct loki_settings, basic_auth, basic_auth_fields, "Log in with a name and a password."),
	F_SECRET(struct loki_settings, bearer_token, "Log in with a token."),
	F_STRUCT(struct loki_settings, tls, tls_fields, "For https URLs."),
	F_MAP(struct loki_settings, headers, "More headers of each push."),
	F_STRING(struct loki_settings, proxy, NULL, "URL of an HTTP or SOCKS proxy; the environment's are not used."),
	{.name = "timeout",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct loki_settings, timeout, int64_t),
         .def = "30s",
         .min = 100000000,
         .max = 600000000000,
         .help = "How long one push may take."},
	{0},
};

static const struct field file_fields[] = {
	F_STRINGS(struct log_file_source, paths, NULL, "Files to follow; * ? [] are patterns."),
	F_STRINGS(struct log_file_source, exclude, NULL, "Patterns of paths or names not to follow."),
	{.name = "max_line_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct log_file_source, max_line_bytes, uint64_t),
         .def = "256KiB",
         .min = MIN_LINE,
         .max = LOG_MAX_LINE,
         .help = "Longer lines are cut, with a mark at their end."},
	{0},
};

static const struct field docker_fields[] = {
	F_STRING(struct log_docker_source, directory, "/var/lib/docker/containers",
                 "Where Docker keeps its containers, with the lines of each in <id>/<id>-json.log."),
	F_STRINGS(struct log_docker_source, include, NULL,
                  "Patterns of names of containers or of compose services to follow; all without."),
	F_STRINGS(struct log_docker_source, exclude, NULL, "Patterns of those not to follow."),
	{0},
};

static const struct field journal_fields[] = {
	F_STRING(struct log_journal_source, directory, NULL,
                 "Where the journal's files are; the machine's journal without."),
	F_STRINGS(struct log_journal_source, units, NULL, "Units to read; nginx means nginx.service. All without."),
	F_MAP(struct log_journal_source, matches, "Fields that an entry must have: {_TRANSPORT: kernel}."),
	{.name = "max_age",
         .type = FIELD_DURATION,
         .offset = FIELD_AT(struct log_journal_source, max_age, int64_t),
         .def = "7h",
         .min = 0,
         .max = INT64_C(30) * 24 * 3600 * 1000000000,
         .help = "How far back the first start goes."},
	{0},
};

static const struct field stdin_fields[] = {
	{.name = "max_line_bytes",
         .type = FIELD_SIZE,
         .offset = FIELD_AT(struct log_stdin_source, max_line_bytes, uint64_t),
         .def = "256KiB",
         .min = MIN_LINE,
         .max = LOG_MAX_LINE,
         .help = "Longer lines are cut, with a mark at their end."},
	{0},
};

static int check_paths(const struct log_file_source *file, struct err *err)
{
	if (!file->paths.n)
		return err_set(err, "a source of files needs some: file: {paths: [/var/log/app/*.log]}");
	for (size_t k = 0; k < file->paths.n; k++)
		if (file->paths.items[k][0] != '/')
			return err_set(err, "%s: the paths of a source begin with /", file->paths.items[k]);
	return 0;
}

static int check_source(const struct field *f, const struct list *list, size_t i, struct err *err)
{
	const struct log_source *s = (const struct log_source *)list->items + i;

	int kinds = !!s->file + !!s->docker + !!s->journal + !!s->standard_input;

	(void)f;
	if (!kinds)
		return err_set(err,
		               "a source needs something to read: file: {paths: [/var/log/app/*.log]}, docker:, "
		               "journal:, or stdin:");
	if (kinds > 1)
		return err_set(err, "a source reads one kind of thing; make another item of the list for the other");
	if (s->docker && s->docker->directory[0] != '/')
		return err_set(err, "docker.directory: begins with /");
	if (s->journal && s->journal->directory && s->journal->directory[0] != '/')
		return err_set(err, "journal.directory: begins with /");
	return s->file ? check_paths(s->file, err) : 0;
}

static const struct field *source_fields(struct arena *a)
{
	const struct field rows[] = {
		F_STRING(struct log_source, name, NULL,
	                 "Tells this source from others in metrics; its number without."),
		F_SECTION(struct log_source, file, file_fields, "Text files, through their rotations."),
		F_SECTION(struct log_source, docker, docker_fields,
	                  "What Docker's containers print, from the files of its json-file driver."),
		F_SECTION(struct log_source, journal, journal_fields, "The machine's journal, as journalctl shows it."),
		{.name = "stdin",
	         .type = FIELD_SECTION,
	         .offset = offsetof(struct log_source, standard_input),
	         .fields = stdin_fields,
	         .item_size = sizeof(struct log_stdin_source),
	         .help = "What other programs write to ours; how far it came is not kept over a restart."},
		{.name = "labels",
	         .type = FIELD_STRING_MAP,
	         .offset = FIELD_AT(struct log_source, labels, struct string_map),
	         .key_ok = label_name_valid,
	         .key_rule = "letters, digits and _, not beginning with a digit",
	         .help = "Labels of the streams. Where they are not given, service_name is set, and filename or "
	                 "container."},
		{.name = "stages",
	         .type = FIELD_CHOICES,
	         .offset = FIELD_AT(struct log_source, stages, struct list),
	         .fields = stage_fields(a),
	         .check = stage_check,
	         .help = "What is done to each line, in turn."},
		{0},
	};
	struct field *fields = arena_alloc(a, sizeof(rows));

	memcpy(fields, rows, sizeof(rows));
	return fields;
}

const struct field *log_settings_fields(struct arena *a)
{
	struct field *fields = ARENA_ARRAY(a, struct field, 4);

	fields[0] = (struct field)F_STRUCT(struct log_settings, loki, loki_fields, "Where logs are sent to.");
	fields[1] = (struct field)F_LIST(struct log_settings, sources, struct log_source, source_fields(a),
	                                 "What is read.");
	fields[1].check = check_source;
	fields[1].nameless = true;
	fields[2] =
		(struct field)F_SIZE(struct log_settings, max_held_bytes, "1GiB",
	                             "The most that deleted files may hold of the disk until they are delivered, and "
	                             "never more than a tenth of what is free; the oldest is then given up.");
	return fields;
}
