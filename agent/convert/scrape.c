/* Promtail's scrape_configs as our sources: files, containers, the journal; the other kinds are named. */
#include "convert/source.h"
#include "logs/journal_log.h"

enum { PATHS_MAX = 64, DEPTH_MAX = 4 };

/* Where Loki looks for a service's name, in its order. */
static const char *const service_labels[] = {
	"service_name",
	"service",
	"app",
	"application",
	"name",
	"app_kubernetes_io_name",
	"container",
	"container_name",
	"k8s_container_name",
	"component",
	"workload",
	"job",
	"k8s_job_name",
	NULL,
};

static const struct key_note job_keys[] = {
	{"job_name", NO_EQUAL, NULL},
	{"static_configs", NO_EQUAL, NULL},
	{"journal", NO_EQUAL, NULL},
	{"docker_sd_configs", NO_EQUAL, NULL},
	{"pipeline_stages", NO_EQUAL, NULL},
	{"relabel_configs", NO_EQUAL, NULL},
	{"entry_parser", GOOD_TO_KNOW, "Promtail has not read it for long; use pipeline_stages there, stages here"},
	{"syslog", NO_EQUAL, "no equal; have rsyslog or syslog-ng write files, and read those with a source of files"},
	{"windows_events", NO_EQUAL, "no equal; vedette runs on Linux only"},
	{"kafka", NO_EQUAL, "no equal; let a consumer of yours write files, or push to Loki itself"},
	{"gelf", NO_EQUAL, "no equal; use Docker's json-file driver instead of gelf, and a source of docker"},
	{"cloudflare", NO_EQUAL, "no equal; Cloudflare's Logpush can send to an HTTP service of yours"},
	{"heroku_drain", NO_EQUAL, "no equal; let a drain of yours write files"},
	{"gcplog", NO_EQUAL, "no equal; vedette reads logs of its own machine only"},
	{"azure_event_hubs", NO_EQUAL, "no equal; vedette reads logs of its own machine only"},
	{"loki_push_api", NO_EQUAL, "no equal; let the clients push to Loki itself"},
	{"file_sd_configs", NO_EQUAL, "no equal; write the __path__ of those files as paths of a source of files"},
	{"kubernetes_sd_configs", NO_EQUAL,
         "no equal; read /var/log/pods/*/*/*.log with a source of files and the stage cri, and take namespace, pod and "
         "container from the file's name with regex: {source: filename}"},
	{"consul_sd_configs", NO_EQUAL, "no equal; write the paths as a source of files"},
	{"consulagent_sd_configs", NO_EQUAL, "no equal; write the paths as a source of files"},
	{"decompression", NO_EQUAL,
         "no equal for files that are compressed from the start; rotated .gz files are read"},
	{"encoding", NO_EQUAL, "no equal; files are read as UTF-8, so have the program write that"},
	{"id", GOOD_TO_KNOW, NULL},
	{0},
};

static const struct meta_name docker_names[] = {
	{"__meta_docker_container_name", "container"},
	{"__meta_docker_container_log_stream", "stream"},
	{"__meta_docker_container_label_com_docker_compose_service", "compose_service"},
	{"__meta_docker_container_label_com_docker_compose_project", "compose_project"},
	{0},
};
static const char *const docker_own[] = {"container", "image", "compose_project", "compose_service", "stream", NULL};

static const struct meta_name journal_names[] = {
	{"__journal__systemd_unit", "unit"},
	{"__journal_unit", "about_unit"},
	{"__journal_priority", "priority"},
	{"__journal_priority_keyword", "level"},
	{"__journal_syslog_identifier", "syslog_identifier"},
	{"__journal__hostname", "hostname"},
	{"__journal__transport", "transport"},
	{"__journal__pid", "pid"},
	{"__journal__uid", "uid"},
	{"__journal__comm", "comm"},
	{"__journal__boot_id", "boot_id"},
	{"__journal_message_id", "message_id"},
	{"__journal_container_name", "container_name"},
	{0},
};
static const char *const journal_own[] = {"unit", "level", NULL};

struct scrape {
	struct writer *w;
	const struct node *job;
	const char *name;
	const struct string_map *external;
	struct string_map names; /* of sources so far */
	size_t written;
	int indent;
};

static bool is_inner(const char *name)
{
	return !strncmp(name, "__", 2);
}

static struct string_map outer(struct writer *w, const struct string_map *labels)
{
	struct string_map out = {0};

	for (size_t i = 0; i < labels->n; i++)
		if (!is_inner(labels->items[i].key) && *labels->items[i].value)
			pairs_set(w, &out, labels->items[i].key, labels->items[i].value);
	return out;
}

/* What Loki would call the service by these labels, so that streams stay what they were. */
static void name_service(struct writer *w, struct string_map *labels, const char *otherwise)
{
	const char *value = NULL;

	for (size_t i = 0; service_labels[i] && !value; i++)
		value = pairs_find(labels, service_labels[i]);
	if (value || otherwise)
		pairs_set(w, labels, "service_name", value ? value : otherwise);
}

/* The first { that is none of a variable's. */
static const char *find_brace(const char *path)
{
	const char *open = strchr(path, '{');

	while (open && open > path && open[-1] == '$')
		open = strchr(open + 1, '{');
	return open;
}

/* {a,b} spelt out; what has an open brace only stays as it is. */
static void add_paths(struct writer *w, const char *path, struct string_list *to)
{
	const char *open = find_brace(path), *close = open ? strchr(open, '}') : NULL, *at = open;

	if (to->n >= PATHS_MAX)
		return;
	if (!close) {
		to->items[to->n++] = path;
		return;
	}
	while (at < close) {
		size_t len = strcspn(++at, ",}");

		add_paths(w, arena_printf(w->a, "%.*s%.*s%s", (int)(open - path), path, (int)len, at, close + 1), to);
		at += len;
	}
}

/* "**" is any number of directories; ours are spelt out, some deep. */
static void add_deep_paths(struct writer *w, const struct node *at, const char *path, struct string_list *to)
{
	const char *stars = strstr(path, "/**");
	char between[2 * DEPTH_MAX + 1] = "";
	const char *rest = stars ? stars + 3 : "";

	if (!stars) {
		add_paths(w, path, to);
		return;
	}
	note(w, at, NO_EQUAL, "__path__: ** is no pattern here; it is written out for %d levels, add deeper ones",
	     DEPTH_MAX);
	rest = *rest ? rest : "/*";
	for (int i = 0; i <= DEPTH_MAX; i++) {
		add_paths(w, arena_printf(w->a, "%.*s%s%s", (int)(stars - path), path, between, rest), to);
		strncat(between, "/*", sizeof(between) - strlen(between) - 1);
	}
}

/* The job's name, or where another source has that, the name with a number. */
static const char *free_name(struct scrape *s)
{
	const char *name = s->name;

	for (size_t n = 2; pairs_find(&s->names, name); n++)
		name = arena_printf(s->w->a, "%s-%zu", s->name, n);
	pairs_set(s->w, &s->names, name, "");
	return name;
}

static void begin_source(struct scrape *s, struct source *source, struct string_map *labels)
{
	*source = (struct source){.name = free_name(s)};
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->items[i].key, "service_name") != 0)
			source_set_label(source, labels->items[i].key, labels->items[i].value, NULL);
}

/* What is left of a source that the agent does not take. */
static void put_comments_of(struct buf *out, const struct buf *text, int indent)
{
	struct span rest = {text->data, text->len}, line;

	while (scan_line(&rest, &line))
		if (span_starts(span_trim(line), "# "))
			buf_printf(out, "%*s%.*s\n", indent, "", (int)span_trim(line).len, span_trim(line).s);
}

/* A whole source has been written: it stays where the agent takes it. */
static void end_source(struct scrape *s, const struct node *at, struct buf *text, struct buf *out)
{
	struct writer *w = s->w;
	struct buf CLEANUP_BUF whole = {0};
	bool good;

	w->out = out;
	buf_printf(&whole, "loki: {url: http://x}\nsources:\n%s", text->data);
	good = accepted(w, at, whole.data, s->external);
	write_comments(w, s->indent);
	if (good)
		buf_put(out, text->data, text->len);
	else
		put_comments_of(out, text, s->indent);
	s->written += good;
}

static void put_name(struct writer *w, int indent, const struct source *source)
{
	write_comments(w, indent);
	buf_printf(w->out, "%*s- ", indent, "");
	write_text(w, 0, "name", source->name);
}

static void put_files(struct scrape *s, const struct node *at, const struct string_map *labels)
{
	struct writer *w = s->w;
	struct string_list paths = {ARENA_ARRAY(w->a, const char *, PATHS_MAX), 0};
	struct string_list excluded = {ARENA_ARRAY(w->a, const char *, PATHS_MAX), 0};
	const char *exclude = pairs_find(labels, "__path_exclude__");

	add_deep_paths(w, at, pairs_find(labels, "__path__"), &paths);
	if (exclude)
		add_deep_paths(w, at, exclude, &excluded);
	write_head(w, s->indent + 2, "file");
	write_list(w, s->indent + 4, "paths", &paths);
	write_list(w, s->indent + 4, "exclude", &excluded);
}

static void convert_target(struct scrape *s, const struct node *at, struct string_map labels)
{
	const struct node *rules = list_of(s->w, s->job, "relabel_configs");
	struct buf CLEANUP_BUF text = {0};
	struct buf *out = s->w->out;
	const struct buf none = {0};
	struct source source;
	struct string_map kept;

	if (!relabel(s->w, rules, &labels)) {
		note(s->w, at, GOOD_TO_KNOW, "relabel_configs drop this target; it is left out");
		write_comments(s->w, s->indent);
		return;
	}
	if (!pairs_find(&labels, "__path__")) {
		note(s->w, at, NO_EQUAL, "has no __path__; write the label __path__ with the files to read");
		write_comments(s->w, s->indent);
		return;
	}
	kept = outer(s->w, &labels);
	begin_source(s, &source, &kept);
	source_set_label(&source, "filename", NULL, NULL);
	name_service(s->w, &kept, "unknown_service");
	s->w->out = &text;
	put_name(s->w, s->indent, &source);
	put_files(s, at, &labels);
	write_map(s->w, s->indent + 2, "labels", &kept);
	convert_stages(s->w, &source, list_of(s->w, s->job, "pipeline_stages"), s->indent + 2, &none);
	end_source(s, at, &text, out);
}

static void convert_static(struct scrape *s, const struct node *list)
{
	static const struct key_note keys[] = {{"targets", NO_EQUAL, NULL}, {"labels", NO_EQUAL, NULL}, {0}};

	for (const struct node *item = list ? list->first : NULL; item; item = item->next) {
		const struct node *given = map_of(s->w, item, "labels");
		struct string_map labels = {0};

		note_keys(s->w, item, keys);
		if (given)
			labels = pairs_of(s->w, given, false);
		pairs_set(s->w, &labels, "__address__", "localhost");
		convert_target(s, item, labels);
	}
}

/* Sources whose labels differ from entry to entry: what is written after their head. */
static void finish_dynamic(struct scrape *s, const struct node *at, struct source *source, struct string_map *labels,
                           const struct meta_name *names, const char *const *own, struct buf *text, struct buf *out)
{
	struct writer *w = s->w;
	struct buf CLEANUP_BUF first = {0};

	write_map(w, s->indent + 2, "labels", labels);
	w->out = &first;
	relabel_stages(w, source, list_of(w, s->job, "relabel_configs"), names, own, s->indent + 4);
	w->out = text;
	convert_stages(w, source, list_of(w, s->job, "pipeline_stages"), s->indent + 2, &first);
	end_source(s, at, text, out);
}

static const struct key_note journal_keys[] = {
	{"path", NO_EQUAL, NULL},    {"max_age", NO_EQUAL, NULL}, {"labels", NO_EQUAL, NULL},
	{"matches", NO_EQUAL, NULL}, {"json", NO_EQUAL, NULL},    {0},
};

static struct string_map journal_matches(struct writer *w, const struct node *journal)
{
	const char *text = text_of(w, journal, "matches");
	struct span rest = span_of(text ?: ""), field, name;
	struct string_map map = {0};

	while (scan_field(&rest, &field))
		if (scan_until(&field, '=', &name))
			pairs_set(w, &map, arena_strndup(w->a, name.s, name.len),
			          arena_strndup(w->a, field.s, field.len));
		else
			note(w, value_of(journal, "matches"), NO_EQUAL,
			     "matches: only FIELD=value can be asked for; make a source of its own for each +");
	return map;
}

static void remember_journal(struct scrape *s, const struct source *source, const char *path)
{
	struct conversion *to = s->w->to;

	if (to->n_journals == CONVERTED_JOURNALS || strlen(s->name) >= JOB_NAME_MAX)
		return;
	strcpy(to->journals[to->n_journals].job, s->name);
	to->journals[to->n_journals++].key = journal_log_key(source->name, path);
}

static void convert_journal(struct scrape *s, const struct node *journal)
{
	struct writer *w = s->w;
	struct buf CLEANUP_BUF text = {0};
	struct buf *out = w->out;
	const struct node *given = map_of(w, journal, "labels"), *age = value_of(journal, "max_age");
	const char *path = text_of(w, journal, "path"), *max_age = age ? duration_text(w, age) : NULL;
	struct string_map labels = {0}, matches = journal_matches(w, journal);
	struct source source;

	note_keys(w, journal, journal_keys);
	if (truth_of(w, journal, "json", false))
		note(w, value_of(journal, "json"), NO_EQUAL,
		     "json: the line is the message only; take fields of the journal as structured_metadata");
	if (given)
		labels = pairs_of(w, given, false);
	labels = outer(w, &labels);
	begin_source(s, &source, &labels);
	name_service(w, &labels, NULL);
	w->out = &text;
	put_name(w, s->indent, &source);
	if (path || matches.n || max_age)
		write_head(w, s->indent + 2, "journal");
	else
		buf_printf(w->out, "%*sjournal: {}\n", s->indent + 2, "");
	if (path)
		write_text(w, s->indent + 4, "directory", path);
	if (max_age)
		write_text(w, s->indent + 4, "max_age", max_age);
	write_map(w, s->indent + 4, "matches", &matches);
	finish_dynamic(s, journal, &source, &labels, journal_names, journal_own, &text, out);
	remember_journal(s, &source, path);
}

/* Docker's filters by name are parts of names. */
static struct string_list docker_include(struct writer *w, const struct node *filters)
{
	struct string_list list = {ARENA_ARRAY(w->a, const char *, PATHS_MAX), 0};

	for (const struct node *item = filters ? filters->first : NULL; item; item = item->next) {
		const struct node *values = list_of(w, item, "values");
		const char *name = text_of(w, item, "name") ?: "";

		if (strcmp(name, "name") != 0)
			note(w, item, NO_EQUAL,
			     "filters: only by name; write include or exclude with patterns of names");
		else if (values)
			for (const struct node *v = values->first; v && list.n < PATHS_MAX; v = v->next)
				list.items[list.n++] = arena_printf(w->a, "*%s*", scalar_text(w, v) ?: "");
	}
	return list;
}

static void convert_docker(struct scrape *s, const struct node *list)
{
	static const struct key_note keys[] = {
		{"filters", NO_EQUAL, NULL},
		{"host", GOOD_TO_KNOW, "no socket is asked; containers are found by their files in docker.directory"},
		{"refresh_interval", GOOD_TO_KNOW, NULL},
		{"port", GOOD_TO_KNOW, NULL},
		{"host_networking_host", GOOD_TO_KNOW, NULL},
		{0},
	};

	for (const struct node *item = list ? list->first : NULL; item; item = item->next) {
		struct writer *w = s->w;
		struct buf CLEANUP_BUF text = {0};
		struct buf *out = w->out;
		struct string_list include = docker_include(w, list_of(w, item, "filters"));
		struct string_map none = {0};
		struct source source;

		note_keys(w, item, keys);
		begin_source(s, &source, &none);
		source_set_label(&source, "stream", NULL, NULL);
		w->out = &text;
		put_name(w, s->indent, &source);
		if (include.n)
			write_head(w, s->indent + 2, "docker");
		else
			buf_printf(w->out, "%*sdocker: {}\n", s->indent + 2, "");
		write_list(w, s->indent + 4, "include", &include);
		finish_dynamic(s, item, &source, &none, docker_names, docker_own, &text, out);
	}
}

static void convert_job(struct scrape *s)
{
	struct writer *w = s->w;
	const struct node *journal = map_of(w, s->job, "journal");

	s->name = text_of(w, s->job, "job_name");
	s->name = s->name && *s->name ? s->name : "logs";
	note_keys(w, s->job, job_keys);
	write_comments(w, s->indent);
	convert_static(s, list_of(w, s->job, "static_configs"));
	if (journal)
		convert_journal(s, journal);
	convert_docker(s, list_of(w, s->job, "docker_sd_configs"));
	write_comments(w, s->indent);
}

void convert_scrape_configs(struct writer *w, const struct node *root, const struct string_map *external, int indent)
{
	const struct node *list = list_of(w, root, "scrape_configs");
	struct buf CLEANUP_BUF text = {0};
	struct buf *out = w->out;
	struct scrape s = {.w = w, .external = external, .indent = indent + 2};

	w->out = &text;
	for (s.job = list ? list->first : NULL; s.job; s.job = s.job->next)
		convert_job(&s);
	w->out = out;
	if (s.written)
		write_head(w, indent, "sources");
	buf_put(out, text.data ? text.data : "", text.len);
}
