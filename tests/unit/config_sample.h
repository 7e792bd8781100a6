/* A table like the agent's own, for tests: web, host, servers in a list, logs. */
#pragma once

#include "config/bind.h"

enum { SAMPLE_PREFER, SAMPLE_REQUIRE };

struct sample_pool {
	const char *name;
	int64_t max;
};

struct sample_server {
	const char *name, *host, *user, *password;
	int64_t port;
	int sslmode;
	struct list pools;
};

struct sample {
	struct {
		const char *listen_address;
		int64_t scrape_timeout;
		bool allow_insecure;
	} web;
	struct string_map external_labels;
	struct {
		struct {
			struct {
				struct string_list disable, enable;
			} collectors;
			struct {
				const struct regex *mount_points_exclude;
			} filesystem;
			struct {
				const char *directory;
				int64_t max_age;
			} textfile;
		} host;
		struct list postgres;
	} exporters;
	struct {
		struct {
			const char *url;
			struct {
				const char *username, *password;
			} basic_auth;
			uint64_t max_bytes;
			double factor;
		} loki;
	} logs;
};

#define TYPE_OF(m) __typeof__(((struct sample *)0)->m)

typedef TYPE_OF(web) sample_web;
typedef TYPE_OF(exporters) sample_exporters;
typedef TYPE_OF(exporters.host) sample_host;
typedef TYPE_OF(exporters.host.collectors) sample_collectors_choice;
typedef TYPE_OF(exporters.host.filesystem) sample_filesystem;
typedef TYPE_OF(exporters.host.textfile) sample_textfile;
typedef TYPE_OF(logs) sample_logs;
typedef TYPE_OF(logs.loki) sample_loki;
typedef TYPE_OF(logs.loki.basic_auth) sample_auth;

static const char *const sample_sslmodes[] = {"prefer", "require", NULL};

static const struct field sample_web_fields[] = {
	F_STRING(sample_web, listen_address, "127.0.0.1:19100", "Where to listen."),
	{.name = "scrape_timeout",
         .type = FIELD_DURATION,
         .offset = offsetof(sample_web, scrape_timeout),
         .def = "5s",
         .help = "How long a scrape may take.",
         .min = 100000000,
         .max = 60000000000},
	F_BOOL(sample_web, allow_insecure, "false", "Allow listening beyond loopback without authentication."),
	{NULL},
};

static const char *const sample_collectors[] = {"arp", "edac", "loadavg", "thermal_zone", NULL};

static const struct field sample_collectors_fields[] = {
	{.name = "disable",
         .type = FIELD_STRING_LIST,
         .offset = offsetof(sample_collectors_choice, disable),
         .def = "[thermal_zone, edac]",
         .help = "Collectors not to run.",
         .names = sample_collectors},
	{.name = "enable",
         .type = FIELD_STRING_LIST,
         .offset = offsetof(sample_collectors_choice, enable),
         .help = "Collectors to run besides the usual ones.",
         .names = sample_collectors},
	{NULL},
};

static const struct field sample_filesystem_fields[] = {
	F_REGEX(sample_filesystem, mount_points_exclude, "^/(dev|proc|sys)($|/)", "Mount points to leave out."),
	{NULL},
};

static const struct field sample_textfile_fields[] = {
	F_STRING(sample_textfile, directory, NULL, "Where the files are."),
	F_DURATION(sample_textfile, max_age, "2d", "Older files are left out."),
	{NULL},
};

static const struct field sample_host_fields[] = {
	F_STRUCT(sample_host, collectors, sample_collectors_fields, "Which collectors run."),
	F_STRUCT(sample_host, filesystem, sample_filesystem_fields, "File systems."),
	F_STRUCT(sample_host, textfile, sample_textfile_fields, "Samples from files."),
	{NULL},
};

static const struct field sample_pool_fields[] = {
	F_STRING(struct sample_pool, name, NULL, "Its name."),
	F_INT(struct sample_pool, max, "10", "Connections at most.", 1, 10000),
	{NULL},
};

static const struct field sample_server_fields[] = {
	F_STRING(struct sample_server, name, NULL, "Its name."),
	{.name = "host",
         .type = FIELD_STRING,
         .offset = offsetof(struct sample_server, host),
         .required = true,
         .help = "Where it is."},
	F_INT(struct sample_server, port, "5432", "Its port.", 1, 65535),
	F_STRING(struct sample_server, user, "vedette", "Who logs in."),
	F_SECRET(struct sample_server, password, "The password."),
	F_ENUM(struct sample_server, sslmode, "prefer", "Whether to encrypt.", sample_sslmodes),
	F_LIST(struct sample_server, pools, struct sample_pool, sample_pool_fields, "Pools of the app."),
	{NULL},
};

static const struct field sample_exporters_fields[] = {
	F_STRUCT(sample_exporters, host, sample_host_fields, "This machine."),
	F_LIST(sample_exporters, postgres, struct sample_server, sample_server_fields, "PostgreSQL servers."),
	{NULL},
};

static const struct field sample_auth_fields[] = {
	F_STRING(sample_auth, username, NULL, "Who."),
	F_SECRET(sample_auth, password, "The password."),
	{NULL},
};

static const struct field sample_loki_fields[] = {
	F_STRING(sample_loki, url, NULL, "Where Loki is."),
	F_STRUCT(sample_loki, basic_auth, sample_auth_fields, "Login."),
	F_SIZE(sample_loki, max_bytes, "1MiB", "Size of a batch."),
	F_DOUBLE(sample_loki, factor, "1.5", "How fast it backs off."),
	{NULL},
};

static const struct field sample_logs_fields[] = {
	F_STRUCT(sample_logs, loki, sample_loki_fields, "Where logs go."),
	{NULL},
};

static const struct field sample_fields[] = {
	F_STRUCT(struct sample, web, sample_web_fields, "The web server."),
	F_MAP(struct sample, external_labels, "Labels on all logs."),
	F_STRUCT(struct sample, exporters, sample_exporters_fields, "What is watched."),
	F_STRUCT(struct sample, logs, sample_logs_fields, "Shipping of logs."),
	{NULL},
};
