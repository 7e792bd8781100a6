/* What containerd writes about its containers. Source of the format: containerd 1.7, the OCI bundle's config.json. */
#include "exporters/container/common_json.h"

#define TASKS "run/containerd/io.containerd.runtime.v2.task"

int containerd_spaces(struct probe *p, struct name_list *out, struct err *err)
{
	*out = (struct name_list){0};
	return reader_list(p->reader, p->arena, ROOT_FS, out, err, TASKS) == READ_FAILED ? -1 : 0;
}

static const char *annotation(struct arena *a, const json_t *annotations, const char *first, const char *second)
{
	const char *text = text_of(a, json_object_get(annotations, first));

	return text ? text : text_of(a, json_object_get(annotations, second));
}

static void parse(struct arena *a, const struct container_settings *settings, const json_t *json,
                  struct containers *out)
{
	const json_t *annotations = json_object_get(json, "annotations");
	struct container *c = ARENA_NEW(a, struct container);

	*out = (struct containers){c, 1};
	c->running = true;
	c->started = -1;
	c->name = annotation(a, annotations, "io.kubernetes.cri.container-name", "nerdctl/name");
	c->image = annotation(a, annotations, "io.kubernetes.cri.image-name", "nerdctl/image-name");
	take_labels(a, settings, annotations, c);
}

int containerd_container(struct probe *p, const struct name_list *spaces, const char *id, struct container *out,
                         struct err *err)
{
	*out = (struct container){.id = id, .running = true, .started = -1};
	for (size_t i = 0; i < spaces->n; i++) {
		const char *path = arena_printf(p->arena, TASKS "/%s/%s/config.json", spaces->names[i], id);
		struct containers one;
		enum read_result rc = describe(p, path, parse, &one, err);

		if (rc == READ_FAILED)
			return -1;
		if (rc == READ_OK) {
			*out = one.items[0];
			out->id = id;
			return 0;
		}
	}
	return 0;
}
