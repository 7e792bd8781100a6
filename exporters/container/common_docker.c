/* What Docker writes about its containers. Source of the format: files of Docker 20 to 28,
 * /var/lib/docker/containers/<id>/config.v2.json. Docker replaces them by renaming, as the reader's digest wants it. */
#include "base/utc.h"
#include "exporters/container/common_json.h"

/* -1 for what is no time, and for Docker's zero time. */
static double time_of(const json_t *json)
{
	double seconds;

	return utc_parse(json_string_value(json), &seconds) ? seconds : -1;
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

static void parse(struct arena *a, const struct container_settings *settings, const json_t *json,
                  struct containers *out)
{
	struct container *c = ARENA_NEW(a, struct container);

	*out = (struct containers){c, 1};
	c->docker = true;
	c->name = text_of(a, json_object_get(json, "Name"));
	if (c->name && *c->name == '/')
		c->name++;
	c->image = text_of(a, MEMBER(json, "Config", "Image"));
	c->restarts = json_integer_value(json_object_get(json, "RestartCount"));
	c->host_network = MEMBER(json, "NetworkSettings", "Networks", "host") != NULL;
	take_labels(a, settings, MEMBER(json, "Config", "Labels"), c);
	take_state(a, json_object_get(json, "State"), c);
}

static enum read_result docker_container(struct probe *p, const char *directory, const char *id, struct container *out,
                                         struct err *err)
{
	const char *path = arena_printf(p->arena, "%s/%s/config.v2.json", directory, id);
	struct containers one;
	enum read_result rc = describe(p, path, parse, &one, err);

	if (rc == READ_OK) {
		*out = one.items[0];
		out->id = id;
	}
	return rc;
}

int docker_containers(struct probe *p, struct containers *out, struct err *err)
{
	const char *directory = ((const struct container_settings *)p->target)->docker_directory;
	struct name_list ids;
	int result = 0;
	enum read_result rc;

	directory += *directory == '/';
	rc = reader_list(p->reader, p->arena, ROOT_FS, &ids, err, "%s", directory);
	*out = (struct containers){0};
	if (rc == READ_FAILED)
		return err_wrap(err, "to name Docker's containers the agent must be able to read their descriptions");
	if (rc != READ_OK)
		return 0;
	out->items = ARENA_ARRAY(p->arena, struct container, ids.n + 1);
	for (size_t i = 0; i < ids.n && out->n < CONTAINER_MAX_CGROUPS; i++) {
		enum read_result found = docker_container(p, directory, ids.names[i], &out->items[out->n], err);

		if (found == READ_FAILED)
			result = -1;
		out->n += found == READ_OK;
	}
	return result;
}
