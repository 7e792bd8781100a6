/* The contract of a collector: a function from inputs to samples. No thread, no lock, no malloc, no logging.
 *
 * A collector exports one const symbol `collector_<exporter>_<name>` and has one line in exporters/registry.def.
 * It runs on its lane's thread; everything it reaches goes through the probe, whose services own all state.
 * Memory is the probe's arena and lives as long as the published samples. */
#pragma once

#include <sys/timex.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/scan.h"
#include "collect/reader.h"
#include "config/field.h"
#include "metric/metric.h"

enum target_kind {
	TARGET_NONE,
	TARGET_HTTP,      /* something that is asked over HTTP */
	TARGET_PG,        /* a PostgreSQL server: the target's settings begin with struct pg_options */
	TARGET_PGBOUNCER, /* the console of a PgBouncer, with such settings too */
};

struct http;
struct memo;
struct pg;
struct statfs_pool;
struct sticky;

/* System calls that answer about the machine itself; tests put frozen answers here. */
struct kernel {
	int (*uname)(struct utsname *out);
	int (*adjtimex)(struct timex *io);
	int (*clock_gettime)(clockid_t clock, struct timespec *out);
};

struct probe {
	struct arena *arena;        /* of this collection */
	int64_t deadline_ns;        /* monotonic */
	const void *config;         /* the collector's own section, bound by its fields; NULL without fields */
	const char *name;           /* the target's; NULL: it has none */
	const void *target;         /* the target's settings, bound by its exporter's fields; NULL without */
	struct reader *reader;      /* files below /proc, /sys and the root */
	struct statfs_pool *statfs; /* file system sizes that cannot hang us */
	const struct kernel *kernel;
	struct pg *pg;         /* the client, where the target is asked in SQL; else NULL */
	struct http *http;     /* the client, where it is asked over HTTP; else NULL */
	struct sticky *sticky; /* what was chosen in earlier collections; there with pg only */
	struct memo *memo;     /* what was remembered in earlier collections */
	struct err *note;      /* what the lane is to log when it has changed: what went wrong over there */
};

struct collector {
	const char *name; /* without the exporter: "loadavg" */
	const char *help; /* one sentence for the reference */
	enum target_kind target;
	const char *lane; /* NULL: the target's own; else a lane of its own beside it, with this name */
	bool off_by_default;
	/* Whether the target's settings ask for it; NULL: it needs none there */
	bool (*wanted)(const void *target);
	const struct field *fields; /* its section of the config, called as the collector; NULL: none */
	size_t config_size;
	const struct metric_desc *metrics; /* every family it can emit; a row without a name ends them */

	/* Adds samples. 0: done, also where the machine has no such thing. -1: what it looked for is there but
	 * could not be read; samples added before that are kept. */
	int (*collect)(struct probe *probe, struct sample_set *set, struct err *err);
};

/* An item of an exporter that attaches its items to the targets of another one. */
struct attachment {
	const char *name;
	const void *config; /* bound by the exporter's fields */
};

struct attachments {
	const struct attachment *items;
	size_t n;
};

/* Splits a target's collectors, settings and names; one per folder of exporters/. */
struct exporter {
	const char *name; /* "host" */
	const char *help;
	const char *job;           /* in /sd: the job name that community dashboards use */
	bool job_is_name;          /* a target with a name has that for its job */
	const char *scrape_prefix; /* "node": also emit node_scrape_collector_*; NULL: not */
	bool many_targets;         /* its config section is a list of named targets */
	enum target_kind target;   /* what its lanes hold for their collectors */
	/* Without a config file, a variable of the environment may name a target: one of these, where the client reads
	 * them by itself; NULL ends them. Or else what the settings of such a target are taken from: the first row has
	 * to be there; one without a key ends them */
	const char *const *found_by;
	const struct found_setting {
		const char *key;
		const char *const *variables; /* NULL ends them; but for the url each may have _FILE behind it */
	} * found_as;
	const struct field *fields; /* a target's settings besides name and collectors; NULL: none */
	size_t config_size;

	/* Its items are no targets: each is asked by a collector of its own on the target, of the exporter of this
	 * name, that its first setting, a struct ref_list, names. That collector's config is a struct attachments. */
	const char *attaches_to;
	/* Whether /metrics has its samples, too, and not only the target's own path; NULL: it has */
	bool (*in_main)(const void *config);
	/* What tables cannot say of all[i], of which those before are well. -1: it is at fault */
	int (*check)(const struct attachment *all, size_t i, struct err *err);
};
