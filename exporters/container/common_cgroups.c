/* Which cgroups there are: a walk over the tree of version 2. */
#include "exporters/container/common_container.h"

enum { MAX_DEPTH = 10, ID_LEN = 64 };

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), tail = strlen(end);

	return len > tail && !strcmp(s + len - tail, end);
}

/* Both of Docker's layouts, containerd's, CRI-O's and Podman's: the id ends the name, or stands before ".scope".
 * Podman's and CRI-O's monitors have names of the same kind. */
static const char *container_id(struct arena *a, const char *name)
{
	size_t len = strlen(name) - (ends_with(name, ".scope") ? strlen(".scope") : 0);
	const char *id = name + len - ID_LEN;

	if (len < ID_LEN || strspn(id, "0123456789abcdef") < ID_LEN || strstr(name, "conmon"))
		return NULL;
	return arena_strndup(a, id, ID_LEN);
}

static int add(struct arena *a, struct cgroups *all, struct cgroup cgroup, struct err *err)
{
	if (all->n == CONTAINER_MAX_CGROUPS)
		return err_set(err, "there are more than %d cgroups; the others are left out", CONTAINER_MAX_CGROUPS);
	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		struct cgroup *more = ARENA_ARRAY(a, struct cgroup, room);

		if (all->n)
			memcpy(more, all->items, all->n * sizeof(*more));
		all->items = more;
		all->room = room;
	}
	all->items[all->n++] = cgroup;
	return 0;
}

static int walk(struct probe *p, struct cgroups *all, const char *path, int depth, struct err *err);

static int visit(struct probe *p, struct cgroups *all, const char *path, const char *name, int depth, struct err *err)
{
	const struct container_settings *settings = p->target;
	struct cgroup cgroup = {.path = arena_printf(p->arena, "%s/%s", path, name),
	                        .id = container_id(p->arena, name)};

	if (cgroup.id) {
		cgroup.kind = CGROUP_CONTAINER;
		return add(p->arena, all, cgroup, err);
	}
	cgroup.kind = ends_with(name, ".service") ? CGROUP_SERVICE : CGROUP_GROUP;
	if (settings->services && (cgroup.kind == CGROUP_SERVICE || ends_with(name, ".slice")) &&
	    add(p->arena, all, cgroup, err) < 0)
		return -1;
	return depth < MAX_DEPTH ? walk(p, all, cgroup.path, depth + 1, err) : 0;
}

static int walk(struct probe *p, struct cgroups *all, const char *path, int depth, struct err *err)
{
	struct name_list names;
	enum read_result rc = reader_dirs(p->reader, p->arena, ROOT_SYS, &names, err, "%s%s", all->base, path);

	if (rc != READ_OK)
		return rc == READ_ABSENT ? 0 : -1;
	for (size_t i = 0; i < names.n; i++)
		if (visit(p, all, path, names.names[i], depth, err) < 0)
			return -1;
	return 0;
}

/* Where systemd mounts version 1 it may mount version 2 beside it. */
static enum read_result find_base(struct probe *p, const char **base, struct err *err)
{
	static const char *const bases[] = {"fs/cgroup", "fs/cgroup/unified"};
	enum read_result rc = READ_ABSENT;
	struct span text;

	for (size_t i = 0; i < ARRAY_LEN(bases) && rc == READ_ABSENT; i++) {
		*base = bases[i];
		rc = reader_readf(p->reader, p->arena, ROOT_SYS, &text, err, "%s/cgroup.controllers", bases[i]);
	}
	return rc;
}

enum read_result cgroups_find(struct probe *p, struct cgroups *out, struct err *err)
{
	const struct container_settings *settings = p->target;
	enum read_result rc;

	*out = (struct cgroups){0};
	rc = find_base(p, &out->base, err);
	if (rc != READ_OK)
		return rc;
	if (settings->services && add(p->arena, out, (struct cgroup){CGROUP_GROUP, "/", NULL}, err) < 0)
		return READ_FAILED;
	return walk(p, out, "", 0, err) < 0 ? READ_FAILED : READ_OK;
}
