/* All containers, services and slices, found anew in each scrape: no socket of Docker's, no watching in between. */
#include <ctype.h>

#include "exporters/container/common_container.h"

#define NO_LABEL ((struct label){0})

/* What the runtimes say, and the labels' names. */
struct known {
	struct containers docker, podman[PODMAN_FILES];
	struct name_list spaces;  /* containerd's */
	const char **label_names; /* of the settings' labels */
	struct devices devices;
};

struct told {
	const char **names; /* whose state was told: runtimes may use a name twice, an exposition may not */
	size_t n;
};

static const char *label_name(struct arena *a, const char *label)
{
	char *name = arena_printf(a, "container_label_%s", label);

	for (char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	return name;
}

/* cAdvisor's order. At most 20 of the settings' labels; of two that become the same name the first one. */
static void make_labels(const struct probe *p, const struct known *known, struct subject *s)
{
	const struct container_settings *settings = p->target;
	const struct container *c = s->container;

	for (size_t i = 0; c && c->labels && i < settings->labels.n && s->n < 20; i++)
		if (c->labels[i])
			s->labels[s->n++] = (struct label){known->label_names[i], c->labels[i]};
	s->labels[s->n++] = (struct label){"id", s->cgroup->path};
	if (c && c->image)
		s->labels[s->n++] = (struct label){"image", c->image};
	if (c && c->name)
		s->labels[s->n++] = (struct label){"name", c->name};
}

static int add_cgroup(struct probe *p, struct known *known, const char *base, const struct cgroup *cgroup,
                      const struct container *container, struct sample_set *set, struct err *err)
{
	struct subject s = {.cgroup = cgroup, .container = container, .devices = &known->devices};
	size_t before = set->count;
	struct timespec now;
	int result;

	make_labels(p, known, &s);
	result = container_usage(p, base, &s, set, err);
	if (!container || set->count == before) /* it may have gone since it was listed */
		return result;
	if (container_network(p, base, &s, set, err) < 0)
		result = -1;
	p->kernel->clock_gettime(CLOCK_REALTIME, &now);
	subject_add(set, &s, LAST_SEEN, (double)now.tv_sec, NO_LABEL);
	if (container->started >= 0)
		subject_add(set, &s, START_TIME, container->started, NO_LABEL);
	return result;
}

static bool told(struct told *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->names[i], name))
			return true;
	t->names[t->n++] = name;
	return false;
}

static void add_state(struct sample_set *set, const struct container *c, struct told *t)
{
	static const char *const statuses[] = {"healthy", "starting", "unhealthy"};

	if (!c->name || told(t, c->name))
		return;
	sample_add(set, &container_metrics[RUNNING], c->running, LABELS({"name", c->name}));
	if (!c->docker)
		return;
	sample_add(set, &container_metrics[RESTARTS], (double)c->restarts, LABELS({"name", c->name}));
	if (!c->running)
		sample_add(set, &container_metrics[EXIT_CODE], (double)c->exit_code, LABELS({"name", c->name}));
	for (size_t i = 0; c->health && c->running && i < ARRAY_LEN(statuses); i++)
		sample_add(set, &container_metrics[HEALTH], !strcmp(c->health, statuses[i]),
		           LABELS({"name", c->name}, {"status", statuses[i]}));
}

static void add_expected(struct probe *p, struct sample_set *set, struct told *t)
{
	const struct string_list *expected = &((const struct container_settings *)p->target)->expected;

	for (size_t i = 0; i < expected->n; i++) {
		if (!told(t, expected->items[i]))
			sample_add(set, &container_metrics[RUNNING], 0, LABELS({"name", expected->items[i]}));
		sample_add(set, &container_metrics[EXPECTED], 1, LABELS({"name", expected->items[i]}));
	}
}

static const struct container *find_by_id(const struct containers *sorted, const char *id)
{
	size_t low = 0, high = sorted->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, sorted->items[middle].id);

		if (!order)
			return &sorted->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The container of a cgroup: Docker's, Podman's, or what containerd knows. */
static int identify(struct probe *p, const struct known *known, const struct cgroup *cgroup,
                    const struct container **out, struct err *err)
{
	struct container *other;

	*out = cgroup->id ? find_by_id(&known->docker, cgroup->id) : NULL;
	if (!*out && cgroup->id)
		*out = podman_find(known->podman, cgroup->id);
	if (*out || !cgroup->id)
		return 0;
	*out = other = ARENA_NEW(p->arena, struct container);
	return containerd_container(p, &known->spaces, cgroup->id, other, err);
}

static int ask_runtimes(struct probe *p, struct known *known, struct err *err)
{
	const struct string_list *labels = &((const struct container_settings *)p->target)->labels;
	int result = docker_containers(p, &known->docker, err);

	known->label_names = ARENA_ARRAY(p->arena, const char *, labels->n + 1);
	for (size_t i = 0; i < labels->n; i++)
		known->label_names[i] = label_name(p->arena, labels->items[i]);
	if (podman_containers(p, known->podman, err) < 0)
		result = -1;
	if (containerd_spaces(p, &known->spaces, err) < 0)
		result = -1;
	return result;
}

/* Without version 2 nobody is told anything unless there are containers to be told of. */
static int find(struct probe *p, const struct containers *docker, struct cgroups *out, struct err *err)
{
	const struct container_settings *settings = p->target;
	enum read_result rc = cgroups_find(p, out, err);

	if (rc == READ_ABSENT && (docker->n || settings->expected.n))
		return err_set(
			err,
			"no cgroup version 2 below %s/fs/cgroup, so what containers use cannot be told; boot with "
			"systemd.unified_cgroup_hierarchy=1, or disable this collector",
			reader_roots(p->reader)->sys);
	return rc == READ_FAILED ? -1 : 0;
}

static int collect(struct probe *p, struct sample_set *set, struct err *err)
{
	const struct container_settings *settings = p->target;
	struct known known = {0};
	struct cgroups all;
	struct told t;
	int result = ask_runtimes(p, &known, err);

	if (find(p, &known.docker, &all, err) < 0)
		result = -1;
	t = (struct told){ARENA_ARRAY(p->arena, const char *, known.docker.n + all.n + settings->expected.n + 1), 0};
	for (size_t i = 0; i < all.n; i++) {
		const struct container *container;

		if (identify(p, &known, &all.items[i], &container, err) < 0)
			result = -1;
		if (add_cgroup(p, &known, all.base, &all.items[i], container, set, err) < 0)
			result = -1;
		if (container && !container->docker)
			add_state(set, container, &t);
	}
	for (size_t i = 0; i < known.docker.n; i++)
		add_state(set, &known.docker.items[i], &t);
	add_expected(p, set, &t);
	return result;
}

const struct collector collector_container_cgroup = {
	.name = "cgroup",
	.help = "What containers, services and slices use, and whether the expected containers run.",
	.metrics = container_metrics,
	.collect = collect,
};
