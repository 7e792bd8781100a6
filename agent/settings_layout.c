#include "settings_layout.h"

#include <stdalign.h>
#include <string.h>

#include "exporters/registry.h"

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
	if (!l->exporter->attaches_to)
		fields[n++] = (struct field)F_STRUCT(struct target_head, collectors, choice_fields(a, l),
		                                     "Which collectors run.");
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

const struct attachment *settings_attachments(struct arena *a, const struct exporter_layout *l, const struct list *list)
{
	struct attachment *out = ARENA_ARRAY(a, struct attachment, list->n + 1);

	for (size_t i = 0; i < list->n; i++) {
		const char *item = (const char *)list->items + i * l->target_size;

		out[i] = (struct attachment){((const struct target_head *)(const void *)item)->name, item + l->own};
	}
	return out;
}

static int check_attachment(const struct field *f, const struct list *list, size_t i, struct err *err)
{
	const struct exporter_layout *l = f->check_arg;
	struct arena a = {0};
	int rc = l->exporter->check(settings_attachments(&a, l, list), i, err);

	arena_fini(&a);
	return rc;
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
		                           .item_size = l->target_size,
		                           .check = l->exporter->check ? check_attachment : NULL,
		                           .check_arg = l};
	}
	return fields;
}

void settings_lay(struct arena *a, struct layout *all)
{
	struct field *top = ARENA_ARRAY(a, struct field, 5);

	*all = (struct layout){.size = aligned(sizeof(struct settings_top))};
	for (size_t i = 0; registry_exporters[i] && all->n < EXPORTERS_MAX; i++)
		lay_exporter(a, all, registry_exporters[i]);
	top[0] = (struct field)F_STRUCT(struct settings_top, web, web_fields, "The HTTP server.");
	top[1] = (struct field)F_MAP(struct settings_top, external_labels, "Labels for all logs that are shipped.");
	top[1].key_ok = label_name_valid;
	top[1].key_rule = "letters, digits and _, not beginning with a digit";
	top[2] = (struct field){.name = "exporters",
	                        .type = FIELD_STRUCT,
	                        .fields = exporter_fields(a, all),
	                        .help = "What is watched."};
	top[3] = (struct field)F_STRUCT(struct settings_top, logs, log_settings_fields(a), "What is shipped to Loki.");
	all->fields = top;
}
