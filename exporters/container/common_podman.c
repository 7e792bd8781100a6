/* What Podman writes about its containers. Source of the format: files of Podman 4 and 5 (containers/storage),
 * /var/lib/containers/storage/overlay-containers/containers.json; those that end with the machine (--rm) stand in
 * /run. It holds names and images. Labels, health and exit codes are in Podman's database, which we leave alone. */
#include "exporters/container/common_json.h"

/* "metadata" is JSON once more, in a string. */
static const char *image_of(struct arena *a, const json_t *item)
{
	const char *text = json_string_value(json_object_get(item, "metadata"));
	json_t *metadata CLEANUP_JSON = text ? json_loads(text, 0, NULL) : NULL;

	return text_of(a, json_object_get(metadata, "image-name"));
}

static void parse(struct arena *a, const struct container_settings *settings, const json_t *json,
                  struct containers *out)
{
	size_t n = json_array_size(json);

	(void)settings;
	if (n > CONTAINER_MAX_CGROUPS)
		n = CONTAINER_MAX_CGROUPS;
	out->items = ARENA_ARRAY(a, struct container, n + 1);
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(json, i);
		struct container *c = &out->items[out->n];

		c->id = text_of(a, json_object_get(item, "id"));
		c->name = text_of(a, json_array_get(json_object_get(item, "names"), 0));
		c->image = image_of(a, item);
		c->running = true; /* it is asked for only where there is a cgroup of it */
		c->started = -1;
		out->n += c->id != NULL;
	}
}

static const struct container *find(const struct containers *all, const char *id)
{
	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->items[i].id, id))
			return &all->items[i];
	return NULL;
}

int podman_containers(struct probe *p, struct containers out[PODMAN_FILES], struct err *err)
{
	static const char *const paths[PODMAN_FILES] = {
		"var/lib/containers/storage/overlay-containers/containers.json",
		"run/containers/storage/overlay-containers/volatile-containers.json"};
	int result = 0;

	for (size_t i = 0; i < PODMAN_FILES; i++)
		if (describe(p, paths[i], parse, &out[i], err) == READ_FAILED)
			result = -1;
	return result;
}

const struct container *podman_find(const struct containers all[PODMAN_FILES], const char *id)
{
	const struct container *found = NULL;

	for (size_t i = 0; !found && i < PODMAN_FILES; i++)
		found = find(&all[i], id);
	return found;
}
