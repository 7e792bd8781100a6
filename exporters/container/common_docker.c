/* What Docker and containerd write about their containers. Source of the formats: files of Docker 20 to 28,
 * /var/lib/docker/containers/<id>/config.v2.json, and of containerd 1.7, the OCI bundle's config.json.
 *
 * Both hold the container's environment, and with it secrets: only the named members are copied, and the text is wiped.
 */
#include <jansson.h>

#include "base/utc.h"
#include "exporters/container/common_container.h"

#define TASKS "run/containerd/io.containerd.runtime.v2.task"

static void free_json(json_t **json)
{
	json_decref(*json);
}
#define CLEANUP_JSON __attribute__((cleanup(free_json)))

/* A member's member, however deep; NULL where there is none. The path is NULL-terminated. */
static const json_t *member(const json_t *json, const char *const *path)
{
	while (json && *path)
		json = json_object_get(json, *path++);
	return json;
}
#define MEMBER(json, ...) member(json, (const char *const[]){__VA_ARGS__, NULL})

static const char *text_of(struct arena *a, const json_t *json)
{
	const char *text = json_string_value(json);

	return text && *text ? arena_strdup(a, text) : NULL;
}

/* -1 for what is no time, and for Docker's zero time. */
static double time_of(const json_t *json)
{
	double seconds;

	return utc_parse(json_string_value(json), &seconds) ? seconds : -1;
}

static json_t *parse(const char *path, struct span text, struct err *err)
{
	json_error_t why;
	json_t *json = json_loadb(text.s, text.len, 0, &why);

	explicit_bzero((char *)text.s, text.len); /* the arena's: nobody else's to see */
	if (!json)
		err_set(err, "%s: no JSON from byte %d on", path, why.position); /* its text would quote secrets */
	return json;
}

static void take_labels(struct arena *a, const struct container_settings *settings, const json_t *labels,
                        struct container *out)
{
	out->labels = ARENA_ARRAY(a, const char *, settings->labels.n + 1);
	for (size_t i = 0; i < settings->labels.n; i++)
		out->labels[i] = text_of(a, json_object_get(labels, settings->labels.items[i]));
}

static void take_state(struct arena *a, const json_t *state, struct container *out)
{
	out->running = json_is_true(json_object_get(state, "Running"));
	out->pid = json_integer_value(json_object_get(state, "Pid"));
	out->exit_code = json_integer_value(json_object_get(state, "ExitCode"));
	out->started = time_of(json_object_get(state, "StartedAt"));
	out->health = text_of(a, MEMBER(state, "Health", "Status"));
	if (out->health && !strcmp(out->health, "none"))
		out->health = NULL;
}

static int docker_container(struct probe *p, const char *id, struct container *out, struct err *err)
{
	const struct container_settings *settings = p->target;
	const char *path = arena_printf(p->arena, "%s/%s/config.v2.json", settings->docker_directory, id);
	struct span text;
	json_t *json CLEANUP_JSON = NULL;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_FS, path + (*path == '/'), &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 1;
	json = parse(path, text, err);
	if (!json)
		return -1;
	*out = (struct container){.id = id, .docker = true};
	out->name = text_of(p->arena, json_object_get(json, "Name"));
	if (out->name && *out->name == '/')
		out->name++;
	out->image = text_of(p->arena, MEMBER(json, "Config", "Image"));
	out->restarts = json_integer_value(json_object_get(json, "RestartCount"));
	out->host_network = MEMBER(json, "NetworkSettings", "Networks", "host") != NULL;
	take_labels(p->arena, settings, MEMBER(json, "Config", "Labels"), out);
	take_state(p->arena, json_object_get(json, "State"), out);
	return 0;
}

int docker_containers(struct probe *p, struct containers *out, struct err *err)
{
	const char *directory = ((const struct container_settings *)p->target)->docker_directory;
	struct name_list ids;
	int result = 0;
	enum read_result rc =
		reader_list(p->reader, p->arena, ROOT_FS, &ids, err, "%s", directory + (*directory == '/'));

	*out = (struct containers){0};
	if (rc == READ_FAILED)
		return err_wrap(err, "to name Docker's containers the agent must be able to read their descriptions");
	if (rc != READ_OK)
		return 0;
	out->items = ARENA_ARRAY(p->arena, struct container, ids.n + 1);
	for (size_t i = 0; i < ids.n && out->n < CONTAINER_MAX_CGROUPS; i++) {
		int found = docker_container(p, ids.names[i], &out->items[out->n], err);

		if (found < 0)
			result = -1;
		out->n += found == 0;
	}
	return result;
}

static int by_id(const void *key, const void *item)
{
	return strcmp(key, ((const struct container *)item)->id);
}

const struct container *containers_find(const struct containers *all, const char *id)
{
	return all->n ? bsearch(id, all->items, all->n, sizeof(*all->items), by_id) : NULL;
}

static const char *annotation(struct arena *a, const json_t *annotations, const char *first, const char *second)
{
	const char *text = text_of(a, json_object_get(annotations, first));

	return text ? text : text_of(a, json_object_get(annotations, second));
}

static int read_bundle(struct probe *p, const char *space, struct container *out, struct err *err)
{
	const char *path = arena_printf(p->arena, TASKS "/%s/%s/config.json", space, out->id);
	const json_t *annotations;
	struct span text;
	json_t *json CLEANUP_JSON = NULL;
	enum read_result rc = reader_read(p->reader, p->arena, ROOT_FS, path, &text, err);

	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 1;
	json = parse(path, text, err);
	if (!json)
		return -1;
	annotations = json_object_get(json, "annotations");
	out->name = annotation(p->arena, annotations, "io.kubernetes.cri.container-name", "nerdctl/name");
	out->image = annotation(p->arena, annotations, "io.kubernetes.cri.image-name", "nerdctl/image-name");
	take_labels(p->arena, p->target, annotations, out);
	return 0;
}

int containerd_container(struct probe *p, const char *id, struct container *out, struct err *err)
{
	struct name_list spaces;
	enum read_result rc = reader_list(p->reader, p->arena, ROOT_FS, &spaces, err, TASKS);

	*out = (struct container){.id = id, .running = true, .started = -1};
	if (rc != READ_OK)
		return rc == READ_FAILED ? -1 : 0;
	for (size_t i = 0; i < spaces.n; i++) {
		int found = read_bundle(p, spaces.names[i], out, err);

		if (found <= 0)
			return found;
	}
	return 0;
}
