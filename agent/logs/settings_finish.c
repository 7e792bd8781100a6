/* What tables of settings cannot say: what goes together, what is implied, and what is found without settings. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/pipeline.h"
#include "logs/positions.h"
#include "logs/settings.h"

/* The path begins behind the host; a lone / counts as none. */
static bool has_path(const char *url)
{
	const char *host = strstr(url, "://");
	const char *slash = strchr(host ? host + 3 : url, '/');

	return slash && slash[1];
}

static bool map_has(const struct string_map *map, const char *key)
{
	size_t i = 0;

	while (i < map->n && strcmp(map->items[i].key, key) != 0)
		i++;
	return i < map->n;
}

/* As many as it may come to before its stages add some. */
static size_t count_labels(const struct log_source *s, const struct string_map *external)
{
	static const char *const of_files[] = {"filename", "service_name", NULL};
	static const char *const of_docker[] = {
		"container", "image", "compose_project", "compose_service", "service_name", "stream", NULL};
	static const char *const of_journal[] = {"service_name", "unit", "level", NULL};
	size_t n = s->labels.n + external->n;

	for (const char *const *own = s->docker ? of_docker : s->journal ? of_journal : of_files; *own; own++)
		n += !map_has(&s->labels, *own) && !map_has(external, *own);
	return n;
}

static size_t count_kind(const struct log_settings *s, size_t offset)
{
	size_t n = 0;

	for (size_t i = 0; i < s->sources.n; i++)
		n += *(const void *const *)(const void *)((const char *)s->sources.items +
		                                          i * sizeof(struct log_source) + offset) != NULL;
	return n;
}

/* By its name, or else by its directory, a journal is known again after a restart. */
static bool journals_alike(const struct log_settings *s)
{
	const struct log_source *all = s->sources.items;
	bool alike = false;

	for (size_t i = 0; i < s->sources.n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct log_journal_source *a = all[i].journal, *b = all[k].journal;

			if (!a || !b || all[i].name || all[k].name)
				continue;
			alike |= a->directory && b->directory ? !strcmp(a->directory, b->directory)
			                                      : a->directory == b->directory;
		}
	return alike;
}

static const char *fault_in(const struct log_settings *s, const struct string_map *external)
{
	const struct loki_settings *l = &s->loki;

	if (!l->url)
		return "logs.loki: url is missing, and $LOKI_URL is not set; write where Loki is, such as "
		       "http://loki:3100";
	if (strncmp(l->url, "http://", 7) != 0 && strncmp(l->url, "https://", 8) != 0)
		return "logs.loki.url: must begin with http:// or https://";
	if (strchr(l->url, '@'))
		return "logs.loki.url: holds credentials; write them below basic_auth";
	if (l->basic_auth.username && l->bearer_token)
		return "logs.loki: basic_auth and bearer_token exclude each other; keep one";
	if (l->basic_auth.password && !l->basic_auth.username)
		return "logs.loki.basic_auth: username is missing";
	if (!l->tls.cert_file != !l->tls.key_file)
		return "logs.loki.tls: cert_file and key_file go together";
	if (count_kind(s, offsetof(struct log_source, journal)) > CURSORS_MAX)
		return "logs.sources: more than 8 journals; give one of them several units";
	if (journals_alike(s))
		return "logs.sources: two sources without a name read the same journal; give one of them a name";
	if (count_kind(s, offsetof(struct log_source, standard_input)) > 1)
		return "logs.sources: there is one standard input; keep one source with stdin:";
	for (size_t i = 0; i < s->sources.n; i++)
		if (count_labels((const struct log_source *)s->sources.items + i, external) > LOG_MAX_LABELS)
			return "logs.sources: a source has more than 15 labels with external_labels and those that are "
			       "set by themselves; Loki takes 15";
	return NULL;
}

/* Docker's lines are unpacked before anything else, unless the first stage does so with settings of its own. */
static void unpack_first(struct arena *a, struct list *stages)
{
	const struct chosen *given = stages->items;
	struct chosen *all;

	if (stages->n && !strcmp(given->field->name, "docker"))
		return;
	all = ARENA_ARRAY(a, struct chosen, stages->n + 1);
	all[0] = stage_default(a, "docker");
	if (stages->n)
		memcpy(all + 1, given, stages->n * sizeof(*all));
	*stages = (struct list){all, stages->n + 1};
}

static void follow_files(struct arena *a, struct log_source *s)
{
	const struct log_docker_source *docker = s->docker;

	s->follow.max_line_bytes = s->standard_input ? s->standard_input->max_line_bytes : LOG_MAX_LINE;
	if (s->file)
		s->follow = *s->file;
	if (!docker)
		return;
	s->follow.paths = (struct string_list){ARENA_NEW(a, const char *), 1};
	s->follow.paths.items[0] = arena_printf(a, "%s/*/*-json.log", docker->directory);
	unpack_first(a, &s->stages);
}

/* A metric that a stage makes of lines. */
struct made {
	const char *name;
	const struct string_list *labels;
};

static const void *value_of(const struct field *rows, const char *item, const char *name)
{
	while (strcmp(rows->name, name) != 0)
		rows++;
	return item + rows->offset;
}

/* False behind the last. */
static bool metric_of(const struct chosen *stage, size_t i, struct made *out)
{
	const struct list *metrics = stage->value;
	const char *item;

	if (strcmp(stage->field->name, "metrics") != 0 || i >= metrics->n)
		return false;
	item = (const char *)metrics->items + i * stage->field->item_size;
	out->name = *(const char *const *)value_of(stage->field->fields, item, "name");
	out->labels = value_of(stage->field->fields, item, "labels");
	return true;
}

/* Their series could be the same, unless a label tells what was read. */
static bool clash(const struct made *a, const struct made *b)
{
	bool same = !strcmp(a->name, b->name) && a->labels->n == b->labels->n &&
	            !string_list_has(a->labels, "filename") && !string_list_has(a->labels, "container");

	for (size_t i = 0; same && i < a->labels->n; i++)
		same = string_list_has(b->labels, a->labels->items[i]);
	return same;
}

/* How many there are up to and with the source that would be the same as this one. */
static size_t times_made(const struct log_settings *s, size_t last, const struct made *one)
{
	const struct log_source *sources = s->sources.items;
	struct made other;
	size_t n = 0;

	for (size_t i = 0; i <= last; i++)
		for (size_t k = 0; k < sources[i].stages.n; k++)
			for (size_t m = 0; metric_of((struct chosen *)sources[i].stages.items + k, m, &other); m++)
				n += clash(one, &other);
	return n;
}

/* Two stages with one series would give Prometheus two values for it. */
static const char *metric_made_twice(const struct log_settings *s)
{
	const struct log_source *sources = s->sources.items;
	struct made one;

	for (size_t i = 0; i < s->sources.n; i++)
		for (size_t k = 0; k < sources[i].stages.n; k++)
			for (size_t m = 0; metric_of((struct chosen *)sources[i].stages.items + k, m, &one); m++)
				if (times_made(s, i, &one) > 1)
					return one.name;
	return NULL;
}

/* Where no configuration tells, and $LOKI_URL does: what there is on most machines. */
static void find_sources(struct arena *a, struct log_settings *s)
{
	static const struct log_docker_source docker = {.directory = "/var/lib/docker/containers"};
	static const struct log_journal_source journal = {.max_age = INT64_C(7) * 3600 * 1000000000};
	struct log_source *found = ARENA_ARRAY(a, struct log_source, 2);
	size_t n = 0;

	if (access(docker.directory, R_OK | X_OK) == 0)
		found[n++] = (struct log_source){.name = "docker", .docker = &docker};
	if (access("/var/log/journal", R_OK | X_OK) == 0 || access("/run/log/journal", R_OK | X_OK) == 0)
		found[n++] = (struct log_source){.name = "journal", .journal = &journal};
	s->sources = (struct list){found, n};
}

int log_settings_finish(struct arena *a, struct log_settings *s, const struct string_map *external_labels,
                        const char *file, struct faults *faults)
{
	const char *environment = getenv("LOKI_URL"), *fault, *twice;
	size_t len;

	if (!file && environment && *environment)
		find_sources(a, s);
	for (size_t i = 0; i < s->sources.n; i++)
		follow_files(a, (struct log_source *)s->sources.items + i);
	if (!s->sources.n)
		return 0;
	if (!s->loki.url && environment && *environment)
		s->loki.url = arena_strdup(a, environment);
	fault = fault_in(s, external_labels);
	if (!fault && (twice = metric_made_twice(s)))
		fault = arena_printf(a,
		                     "logs.sources: the metric %s is made by two stages; give one of them another name "
		                     "or labels, or read "
		                     "both in one source",
		                     twice);
	if (fault) {
		faults_add(faults, file, 0, 0, "%s", fault);
		return -1;
	}
	len = strlen(s->loki.url);
	len -= s->loki.url[len - 1] == '/';
	s->loki.push_url =
		has_path(s->loki.url) ? s->loki.url : arena_printf(a, "%.*s/loki/api/v1/push", (int)len, s->loki.url);
	return 0;
}
