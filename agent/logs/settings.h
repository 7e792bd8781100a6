/* The settings of the log pipeline, bound below `logs`. Immutable once bound. */
#pragma once

#include "config/bind.h"

enum { LOG_MAX_LINE = 256 * 1024 }; /* what Loki takes by default */

struct loki_settings {
	const char *url;
	const char *push_url; /* with its path; made by log_settings_finish */
	const char *tenant;
	struct loki_batch {
		uint64_t max_bytes;
		int64_t max_age;
	} batch;
	struct loki_basic_auth {
		const char *username, *password;
	} basic_auth;
	const char *bearer_token;
	struct loki_tls {
		const char *ca_file, *cert_file, *key_file;
		bool insecure_skip_verify;
	} tls;
	struct string_map headers;
	const char *proxy;
	int64_t timeout;
};

/* What is read; one of the kinds is given, the others are NULL. */
struct log_source {
	const char *name;
	const struct log_file_source {
		struct string_list paths, exclude;
		uint64_t max_line_bytes;
	} * file;
	const struct log_docker_source {
		const char *directory;
		struct string_list include, exclude; /* patterns of names of containers and compose services */
	} * docker;
	const struct log_journal_source {
		const char *directory; /* NULL: the machine's */
		struct string_list units;
		struct string_map matches;
		int64_t max_age;
	} * journal;
	const struct log_stdin_source {
		uint64_t max_line_bytes;
	} * standard_input;
	struct string_map labels;
	struct list stages;            /* what is done to each entry; log_settings_finish adds what the kind implies */
	struct log_file_source follow; /* the files of the source, whatever its kind; made by log_settings_finish */
};

struct log_settings {
	struct loki_settings loki;
	struct list sources; /* of struct log_source */
	uint64_t max_held_bytes;
};

/* The table of fields. */
const struct field *log_settings_fields(struct arena *a);

/* What tables cannot say; fills in the URL from $LOKI_URL. `file` is for messages, NULL: none. -1 with faults. */
MUST_CHECK int log_settings_finish(struct arena *a, struct log_settings *s, const struct string_map *external_labels,
                                   const char *file, struct faults *faults);
