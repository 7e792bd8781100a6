/* Runs each collector on frozen inputs and compares what it says with what is expected, byte for byte.
 *
 * tests/golden/<exporter_collector>/<case>/ holds proc/, sys/ and root/ (each may be missing), config.yml (the
 * collector's own section; may be missing), target.yml (its target's settings; may be missing), relay.yml (those of the
 * relay that they refer to) and expected.prom; the case's folder is where it runs; `error` is expected where the
 * collector fails, and `note` where it has one. What a database replies is in rows/<query>.tsv (the first line names
 * the columns, \\N is null), its version in rows/version; a query without a file fails. What a web server replies is in
 * http/body. What workers of a Python program wrote is described in workers/<file>.txt (worker_file.h); the case then
 * runs in a directory of its own, whose workers/ holds the files. UPDATE_GOLDEN=1 writes the expectations instead. A
 * collector without a case is a failure.
 * `--openmetrics DIRECTORY OUT` compares nothing and writes OUT/<exporter_collector>.<case> in OpenMetrics. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "collect/memo.h"
#include "collect/statfs_pool.h"
#include "collect/sticky.h"
#include "config/bind.h"
#include "exporters/registry.h"
#include "metric/exposition.h"
#include "net/http.h"
#include "net/pg.h"
#include "tests/worker_file.h"

static int failures;

static int frozen_uname(struct utsname *out)
{
	*out = (struct utsname){.sysname = "Linux",
	                        .nodename = "vedette",
	                        .release = "6.1.0-37-amd64",
	                        .version = "#1 SMP Debian 6.1.140-1",
	                        .machine = "x86_64",
	                        .domainname = "(none)"};
	return 0;
}

static int frozen_adjtimex(struct timex *io)
{
	*io = (struct timex){.offset = 25000,
	                     .freq = 1310720,
	                     .maxerror = 16000,
	                     .esterror = 8000,
	                     .status = 0x2001,
	                     .constant = 7,
	                     .tick = 10000,
	                     .tai = 37,
	                     .ppsfreq = 65536,
	                     .jitter = 1500,
	                     .shift = 4,
	                     .stabil = 131072,
	                     .jitcnt = 1,
	                     .calcnt = 2,
	                     .errcnt = 3,
	                     .stbcnt = 4};
	return TIME_OK;
}

static int frozen_clock(clockid_t clock, struct timespec *out)
{
	*out = clock == CLOCK_REALTIME ? (struct timespec){1700000000, 250000000} : (struct timespec){1000, 0};
	return 0;
}

static const struct kernel frozen = {frozen_uname, frozen_adjtimex, frozen_clock};

/* By the end of the mount point's name; "hung" never answers. */
static int frozen_statfs(const char *path, struct statfs *out)
{
	const char *name = strrchr(path, '/');

	if (!strcmp(name, "/denied")) {
		errno = EACCES;
		return -1;
	}
	while (!strcmp(name, "/hung"))
		pause();
	*out = (struct statfs){.f_bsize = 4096,
	                       .f_blocks = 5000000,
	                       .f_bfree = 2000000,
	                       .f_bavail = 1700000,
	                       .f_files = 1280000,
	                       .f_ffree = 1100000};
	if (!strcmp(name, "/efi")) /* FAT counts no inodes */
		*out = (struct statfs){.f_bsize = 512, .f_blocks = 253871, .f_bfree = 229633, .f_bavail = 229633};
	return 0;
}

static enum exposition_format format = EXPOSITION_TEXT;

static void fail(const char *id, const char *name, const char *what)
{
	fprintf(stderr, "FAIL %s/%s: %s\n", id, name, what);
	failures++;
}

static void *bind_config(struct arena *a, const struct field *fields, size_t size, const char *path)
{
	struct faults faults;
	void *config;

	if (!fields)
		return NULL;
	config = arena_zalloc(a, size);
	if (access(path, R_OK) < 0) {
		bind_defaults(a, fields, config);
		return config;
	}
	faults_init(&faults);
	if (bind_file(a, path, fields, config, &faults) < 0)
		fail("settings", path, faults.text.data);
	faults_fini(&faults);
	return config;
}

static const struct exporter *exporter_of(const struct registered_collector *rc)
{
	const struct exporter *const *e = registry_exporters;

	while (strncmp(rc->id, (*e)->name, strlen((*e)->name)) != 0 || rc->id[strlen((*e)->name)] != '_')
		e++;
	return *e;
}

/* The target's settings, target.yml; what they refer to is the exporter's of that name: relay.yml. */
static const void *bind_target(struct arena *a, const struct exporter *exporter, const char *dir)
{
	char *target = bind_config(a, exporter->fields, exporter->config_size, arena_printf(a, "%s/target.yml", dir));

	for (const struct field *f = exporter->fields; f && f->name; f++)
		for (const struct exporter *const *e = registry_exporters; f->type == FIELD_REF && *e; e++)
			if (!strcmp((*e)->name, f->refers))
				((struct ref *)(void *)(target + f->offset))->config =
					bind_config(a, (*e)->fields, (*e)->config_size,
				                    arena_printf(a, "%s/%s.yml", dir, f->refers));
	return target;
}

/* The list of items of an exporter that attaches to another's targets: items.yml, below the exporter's name. */
static const struct attachments *bind_items(struct arena *a, const struct exporter *exporter, const char *path)
{
	enum { OWN = 16 };
	struct attachments *out = ARENA_NEW(a, struct attachments);
	struct field *fields = ARENA_ARRAY(a, struct field, 64), *top = ARENA_ARRAY(a, struct field, 2);
	size_t n = 1, size = OWN + exporter->config_size;
	struct attachment *items;
	const struct list *list;

	fields[0] = (struct field){.name = "name", .type = FIELD_STRING};
	for (const struct field *f = exporter->fields; f->name; f++) {
		fields[n] = *f;
		fields[n++].offset += OWN;
	}
	top[0] = (struct field){.name = exporter->name, .type = FIELD_LIST, .fields = fields, .item_size = size};
	list = bind_config(a, top, sizeof(*list), path);
	out->items = items = ARENA_ARRAY(a, struct attachment, list->n + 1);
	for (out->n = 0; out->n < list->n; out->n++) {
		const char *item = (const char *)list->items + out->n * size;

		items[out->n] = (struct attachment){*(const char *const *)(const void *)item, item + OWN};
	}
	return out;
}

/* Replies of a database that does not change. */
static int frozen_rows(void *dir, struct arena *a, const struct pg_request *rq, const struct pg_rows **out,
                       struct err *err)
{
	char *text;
	size_t len;

	if (file_read(a, arena_printf(a, "%s/rows/%s.tsv", (const char *)dir, rq->name), 1 << 20, &text, &len, err) < 0)
		return -1;
	return pg_rows_parse(a, text, out, err);
}

static struct pg *frozen_pg(struct arena *a, const struct collector *c, char *dir)
{
	struct err err;
	uint64_t version = 0;
	char *text;
	size_t len;

	if (c->target != TARGET_PG && c->target != TARGET_PGBOUNCER)
		return NULL;
	if (file_read(a, arena_printf(a, "%s/rows/version", dir), 64, &text, &len, &err) < 0 ||
	    !num_parse_u64(text, strcspn(text, "\n"), &version))
		fail(c->name, dir, "rows/version holds no number");
	return pg_new_with(frozen_rows, dir, (int)version);
}

/* "/health?x=1" of a URL as a file's name: "_health_x=1". */
static char *name_of_path(struct arena *a, const char *url)
{
	const char *path = strchr(strstr(url, "://") + 3, '/');
	char *name = arena_strdup(a, path && path[1] ? path : "body");

	for (char *c = name; *c; c++)
		if (*c == '/' || *c == '?' || *c == '&')
			*c = '_';
	return name;
}

/* A web server that does not change: http/<method><path> is what it answers there, or else http/<path>, or http/body.
 * Where the file begins with "HTTP/1.1 ", it holds the status, the headers and, behind an empty line, the body. */
static int frozen_body(void *dir, struct arena *a, const struct http_request *rq, struct http_response *out,
                       struct err *err)
{
	const char *name = name_of_path(a, rq->url), *body;
	uint64_t status;
	char *text;
	size_t len;

	if (file_read(a, arena_printf(a, "%s/http/%s%s", (const char *)dir, rq->method ? rq->method : "", name),
	              16 << 20, &text, &len, err) < 0 &&
	    file_read(a, arena_printf(a, "%s/http/%s", (const char *)dir, name), 16 << 20, &text, &len, err) < 0 &&
	    file_read(a, arena_printf(a, "%s/http/body", (const char *)dir), 16 << 20, &text, &len, err) < 0)
		return -1;
	*out = (struct http_response){200, {text, len}, {"", 0}};
	if (strncmp(text, "HTTP/1.1 ", 9) != 0)
		return 0;
	body = strstr(text, "\n\n");
	if (!body || !num_parse_u64(text + 9, 3, &status))
		return err_set(err, "http/%s: neither a status nor an empty line", name);
	*out = (struct http_response){
		(int)status, {body + 2, len - (size_t)(body + 2 - text)}, {text, (size_t)(body + 1 - text)}};
	return 0;
}

/* Without the fixture's own path, which says nothing. */
static void put_words(struct buf *out, const char *what, const char *text, const char *dir)
{
	const char *at = strstr(text, dir);

	buf_printf(out, "# %s: %.*s%s\n", what, at ? (int)(at - text) : (int)strlen(text), text,
	           at ? at + strlen(dir) : "");
}

static void expose(struct arena *a, const struct registered_collector *rc, char *dir, struct buf *out)
{
	const struct collector *c = rc->collector;
	const struct exporter *exporter = exporter_of(rc);
	struct roots roots = {arena_printf(a, "%s/proc", dir), arena_printf(a, "%s/sys", dir),
	                      arena_printf(a, "%s/root", dir)};
	struct reader *reader = reader_new(&roots);
	struct statfs_pool *pool = NULL;
	struct sample_set set;
	const struct sample_set *sets[] = {&set};
	struct err err = {""}, note = {""};
	struct probe probe = {.arena = a,
	                      .deadline_ns = clock_mono_ns() + 60 * NS_PER_S,
	                      .config =
	                              bind_config(a, c->fields, c->config_size, arena_printf(a, "%s/config.yml", dir)),
	                      .name = "app",
	                      .target = bind_target(a, exporter, dir),
	                      .reader = reader,
	                      .kernel = &frozen,
	                      .pg = frozen_pg(a, c, dir),
	                      .http = c->target == TARGET_HTTP ? http_new_with(frozen_body, dir) : NULL,
	                      .sticky = sticky_new(),
	                      .memo = memo_new(),
	                      .note = &note};

	if (exporter->attaches_to)
		probe.config = bind_items(a, exporter, arena_printf(a, "%s/items.yml", dir));
	if (c->lane && statfs_pool_new_with(&pool, frozen_statfs, &err) < 0)
		fail(c->name, dir, err.text);
	probe.statfs = pool;
	sample_set_init(&set, a, NULL);
	if (c->collect(&probe, &set, &err) < 0)
		put_words(out, "error", err.text, dir);
	if (note.text[0])
		put_words(out, "note", note.text, dir);
	exposition_write(out, format, a, sets, 1);
	statfs_pool_free(pool);
	pg_free(probe.pg);
	http_free(probe.http);
	sticky_free(probe.sticky);
	memo_free(probe.memo);
	reader_free(reader);
}

static const char *out_dir; /* of --openmetrics */

static void write_file(const char *id, const char *name, const char *path, const struct buf *got)
{
	FILE *f = fopen(path, "we");

	if (!f || fwrite(got->data ? got->data : "", 1, got->len, f) != got->len || fclose(f))
		fail(id, name, strerror(errno));
}

static void compare(struct arena *a, const char *id, const char *name, const char *path, const struct buf *got)
{
	const char *text = got->data ? got->data : "";
	struct err err;
	char *want;
	size_t len;

	if (getenv("UPDATE_GOLDEN")) {
		write_file(id, name, path, got);
		return;
	}
	if (file_read(a, path, 64 << 20, &want, &len, &err) < 0) {
		fail(id, name, err.text);
	} else if (len != got->len || memcmp(want, text, len) != 0) {
		fail(id, name, "differs from expected.prom; the output now is:");
		fputs(text, stderr);
	}
}

/* Files in textfile/ were written a minute before the frozen clock's time; those called old… two months before. */
static void freeze_mtimes(void)
{
	DIR CLEANUP_DIR *dir = opendir("textfile");
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		time_t at = strncmp(d->d_name, "old", 3) ? 1699999940 : 1695000000;

		if (d->d_name[0] != '.')
			utimensat(dirfd(dir), d->d_name, (struct timespec[]){{at, 500000000}, {at, 500000000}}, 0);
	}
}

static void write_worker_file(struct arena *a, const char *dir, const char *name)
{
	struct buf CLEANUP_BUF out = {0};
	struct err err;
	char *text;
	size_t len;

	if (file_read(a, arena_printf(a, "%s/workers/%s", dir, name), 1 << 20, &text, &len, &err) < 0)
		fail(dir, name, err.text);
	else
		worker_file_build(&out, (struct span){text, len});
	write_file(dir, name, arena_printf(a, "workers/%.*s", (int)(strlen(name) - strlen(".txt")), name), &out);
}

/* In a directory of its own, where the case has files of workers; its name, which is the caller's to remove. */
static const char *make_workers(struct arena *a, const char *dir)
{
	DIR CLEANUP_DIR *described = opendir("workers");
	char *own = arena_strdup(a, "/tmp/golden.XXXXXX");
	struct dirent *d;

	if (!described)
		return NULL;
	if (!mkdtemp(own) || chdir(own) < 0 || mkdir("workers", 0755) < 0)
		fail(dir, own, strerror(errno));
	while ((d = readdir(described)))
		if (strlen(d->d_name) > strlen(".txt"))
			write_worker_file(a, dir, d->d_name);
	return own;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static void run_case(const struct registered_collector *rc, const char *root, const char *name)
{
	struct arena arena;
	struct buf CLEANUP_BUF out = {0};
	const char *own;
	char *dir;

	arena_init(&arena);
	dir = arena_printf(&arena, "%s/%s/%s", root, rc->id, name);
	if (chdir(dir) < 0)
		fail(rc->id, name, strerror(errno));
	freeze_mtimes();
	own = make_workers(&arena, dir);
	expose(&arena, rc, dir, &out);
	if (own)
		nftw(own, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	if (out_dir)
		write_file(rc->id, name, arena_printf(&arena, "%s/%s.%s", out_dir, rc->id, name), &out);
	else
		compare(&arena, rc->id, name, arena_printf(&arena, "%s/expected.prom", dir), &out);
	arena_fini(&arena);
}

static void run_collector(const struct registered_collector *rc, const char *root)
{
	char path[4096];
	DIR CLEANUP_DIR *dir;
	struct dirent *d;
	int cases = 0;

	snprintf(path, sizeof(path), "%s/%s", root, rc->id);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.') {
			run_case(rc, root, d->d_name);
			cases++;
		}
	if (!cases)
		fail(rc->id, "", "has no case here");
}

int main(int argc, char **argv)
{
	char *root;

	if (argc == 4 && !strcmp(argv[1], "--openmetrics")) {
		format = EXPOSITION_OPENMETRICS;
		out_dir = argv[3];
		argv++;
		argc -= 2;
	}
	if (argc < 2) {
		fputs("usage: golden [--openmetrics] DIRECTORY [COLLECTOR|OUT]\n", stderr);
		return 2;
	}
	root = realpath(argv[1], NULL);
	if (out_dir)
		out_dir = realpath(out_dir, NULL);
	if (!root || (format == EXPOSITION_OPENMETRICS && !out_dir)) {
		perror(argv[1]);
		return 2;
	}
	setenv("TZ", "UTC", 1);
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++)
		if (argc < 3 || !strcmp(argv[2], rc->id))
			run_collector(rc, root);
	free(root);
	return failures != 0;
}
