#include "settings.h"

#include <stdalign.h>
#include <string.h>

#include "exporters/registry.h"

enum { EXPORTERS_MAX = 16 };

struct top {
	struct web_settings web;
	struct string_map external_labels;
};

/* What every target has, in front of its exporter's own settings. */
struct target_head {
	const char *name;
	struct collector_choice {
		struct string_list enable, disable;
	} collectors;
};

struct collector_slot {
	const struct collector *collector;
	size_t offset; /* of its bound section in the target */
};

/* How one exporter's settings lie in memory. */
struct exporter_layout {
	const struct exporter *exporter;
	const struct field *fields; /* of one target */
	size_t target_size;
	size_t own; /* offset of the exporter's own settings */
	struct collector_slot *slots;
	size_t n_slots;
	size_t offset; /* of the target, or of the list of targets, in the whole */
};

struct layout {
	const struct field *fields;
	size_t size;
	struct exporter_layout exporters[EXPORTERS_MAX];
	size_t n;
};

static size_t aligned(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static size_t count_fields(const struct field *fields)
{
	size_t n = 0;

	while (fields && fields[n].name)
		n++;
	return n;
}

static bool belongs(const struct registered_collector *rc, const struct exporter *exporter)
{
	size_t n = strlen(exporter->name);

	return !strncmp(rc->id, exporter->name, n) && rc->id[n] == '_';
}

static void lay_slots(struct arena *a, struct exporter_layout *l)
{
	size_t n = 0;

	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++)
		n += belongs(rc, l->exporter);
	l->slots = ARENA_ARRAY(a, struct collector_slot, n + 1);
	for (const struct registered_collector *rc = registry_collectors; rc->id; rc++) {
		if (!belongs(rc, l->exporter))
			continue;
		l->slots[l->n_slots++] = (struct collector_slot){rc->collector, l->target_size};
		l->target_size += aligned(rc->collector->config_size);
	}
}

/* enable and disable take the names of this exporter's collectors and no others. */
static const struct field *choice_fields(struct arena *a, const struct exporter_layout *l)
{
	struct field *fields = ARENA_ARRAY(a, struct field, 3);
	const char **names = ARENA_ARRAY(a, const char *, l->n_slots + 1);

	for (size_t i = 0; i < l->n_slots; i++)
		names[i] = l->slots[i].collector->name;
	fields[0] = (struct field)F_STRINGS(struct collector_choice, enable, NULL,
	                                    "Collectors to run although they are off by default.");
	fields[1] = (struct field)F_STRINGS(struct collector_choice, disable, NULL, "Collectors not to run.");
	fields[0].names = fields[1].names = names;
	return fields;
}

static void lay_fields(struct arena *a, struct exporter_layout *l)
{
	size_t own = count_fields(l->exporter->fields), n = 0;
	struct field *fields = ARENA_ARRAY(a, struct field, own + l->n_slots + 3);

	if (l->exporter->many_targets)
		fields[n++] = (struct field)F_STRING(struct target_head, name, NULL,
		                                     "Tells this target from its siblings; its series carry it.");
	fields[n++] =
		(struct field)F_STRUCT(struct target_head, collectors, choice_fields(a, l), "Which collectors run.");
	for (size_t i = 0; i < own; i++) {
		fields[n] = l->exporter->fields[i];
		fields[n++].offset += l->own;
	}
	for (size_t i = 0; i < l->n_slots; i++) {
		const struct collector *c = l->slots[i].collector;

		if (c->fields)
			fields[n++] = (struct field){.name = c->name,
			                             .type = FIELD_STRUCT,
			                             .fields = c->fields,
			                             .offset = l->slots[i].offset,
			                             .help = c->help};
	}
	l->fields = fields;
}

static void lay_exporter(struct arena *a, struct layout *all, const struct exporter *exporter)
{
	struct exporter_layout *l = &all->exporters[all->n++];

	l->exporter = exporter;
	l->own = aligned(sizeof(struct target_head));
	l->target_size = l->own + aligned(exporter->config_size);
	lay_slots(a, l);
	lay_fields(a, l);
	l->offset = all->size;
	all->size += exporter->many_targets ? aligned(sizeof(struct list)) : l->target_size;
}

static const struct field *exporter_fields(struct arena *a, const struct layout *all)
{
	struct field *fields = ARENA_ARRAY(a, struct field, all->n + 1);

	for (size_t i = 0; i < all->n; i++) {
		const struct exporter_layout *l = &all->exporters[i];

		fields[i] = (struct field){.name = l->exporter->name,
		                           .help = l->exporter->help,
		                           .offset = l->offset,
		                           .type = l->exporter->many_targets ? FIELD_LIST : FIELD_STRUCT,
		                           .fields = l->fields,
		                           .item_size = l->target_size};
	}
	return fields;
}

static void lay_all(struct arena *a, struct layout *all)
{
	struct field *top = ARENA_ARRAY(a, struct field, 4);

	*all = (struct layout){.size = aligned(sizeof(struct top))};
	for (size_t i = 0; registry_exporters[i] && all->n < EXPORTERS_MAX; i++)
		lay_exporter(a, all, registry_exporters[i]);
	top[0] = (struct field)F_STRUCT(struct top, web, web_fields, "The HTTP server.");
	top[1] = (struct field)F_MAP(struct top, external_labels, "Labels for all logs that are shipped.");
	top[1].key_ok = label_name_valid;
	top[1].key_rule = "letters, digits and _, not beginning with a digit";
	top[2] = (struct field){.name = "exporters",
	                        .type = FIELD_STRUCT,
	                        .fields = exporter_fields(a, all),
	                        .help = "What is watched."};
	all->fields = top;
}

const struct field *settings_fields(struct arena *a)
{
	struct layout all;

	lay_all(a, &all);
	return all.fields;
}

static bool listed(const struct string_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i], name))
			return true;
	return false;
}

static void make_target(struct arena *a, const struct exporter_layout *l, const void *bound, struct target *out)
{
	const struct target_head *head = bound;
	struct enabled_collector *enabled = ARENA_ARRAY(a, struct enabled_collector, l->n_slots + 1);

	*out = (struct target){.exporter = l->exporter, .name = head->name, .collectors = enabled};
	if (l->exporter->fields)
		out->config = (const char *)bound + l->own;
	for (size_t i = 0; i < l->n_slots; i++) {
		const struct collector *c = l->slots[i].collector;
		bool on = !c->off_by_default || listed(&head->collectors.enable, c->name);

		if (!on || listed(&head->collectors.disable, c->name))
			continue;
		enabled[out->n_collectors++] =
			(struct enabled_collector){c, c->fields ? (const char *)bound + l->slots[i].offset : NULL};
	}
}

static void make_targets(struct settings *s, const struct layout *all, const char *bound)
{
	struct target *targets;
	size_t most = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct list *list = (const void *)(bound + all->exporters[i].offset);

		most += all->exporters[i].exporter->many_targets ? list->n : 1;
	}
	targets = ARENA_ARRAY(&s->arena, struct target, most + 1);
	for (size_t i = 0; i < all->n; i++) {
		const struct exporter_layout *l = &all->exporters[i];
		const struct list *list = (const void *)(bound + l->offset);

		if (!l->exporter->many_targets)
			make_target(&s->arena, l, bound + l->offset, &targets[s->n_targets++]);
		else
			for (size_t k = 0; k < list->n; k++)
				make_target(&s->arena, l, (const char *)list->items + k * l->target_size,
				            &targets[s->n_targets++]);
	}
	s->targets = targets;
}

static void lay_options_over(struct web_settings *web, const struct options *o)
{
	if (o->listen_address)
		web->listen_address = o->listen_address;
	if (o->external_url)
		web->external_url = o->external_url;
	if (o->web_config_file)
		web->config_file = o->web_config_file;
	web->allow_insecure = web->allow_insecure || o->allow_insecure;
}

static bool any_set(const char *const *variables)
{
	while (variables && *variables && !getenv(*variables))
		variables++;
	return variables && *variables;
}

/* Who has written no settings may still have named a target to every other program. */
static int add_found(struct arena *a, const struct layout *all, char *bound, struct faults *faults)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct exporter_layout *l = &all->exporters[i];
		void *target;

		if (!any_set(l->exporter->found_by))
			continue;
		target = arena_zalloc(a, l->target_size);
		if (bind_text(a, "defaults", "", 0, l->fields, target, faults) < 0)
			return -1;
		*(struct list *)(void *)(bound + l->offset) = (struct list){target, 1};
	}
	return 0;
}

static int bind(struct settings *s, const struct layout *all, void *bound, const struct options *o,
                struct faults *faults)
{
	if (o->config_file)
		return bind_file(&s->arena, o->config_file, all->fields, bound, faults);
	/* an empty file, not bare defaults: credentials may come without a file */
	if (bind_text(&s->arena, "defaults", "", 0, all->fields, bound, faults) < 0)
		return -1;
	return add_found(&s->arena, all, bound, faults);
}

struct settings *settings_load(const struct options *o, struct faults *faults)
{
	struct settings *s = calloc(1, sizeof(*s));
	struct layout all;
	struct top *top;

	if (!s)
		abort();
	lay_all(&s->arena, &all);
	top = arena_zalloc(&s->arena, all.size);
	if (bind(s, &all, top, o, faults) < 0) {
		settings_free(s);
		return NULL;
	}
	lay_options_over(&top->web, o);
	s->web = top->web;
	s->external_labels = top->external_labels;
	s->fields = all.fields;
	s->bound = top;
	make_targets(s, &all, (const char *)top);
	return s;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	arena_fini(&s->arena);
	free(s);
}
