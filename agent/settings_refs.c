/* Names of targets in the settings, and what they mean. */
#include <string.h>

#include "settings_layout.h"

/* The target that a reference means; NULL after a fault. */
static const struct target *find_target(const struct settings *s, const struct field *f, const struct ref *ref,
                                        struct faults *faults)
{
	struct buf CLEANUP_BUF known = {0};
	const struct target *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->n_targets; i++) {
		const struct target *t = &s->targets[i];

		if (strcmp(t->exporter->name, f->refers) != 0)
			continue;
		buf_printf(&known, "%s%s", n++ ? ", " : "", t->name ? t->name : "one without a name");
		if (!ref->name || (t->name && !strcmp(t->name, ref->name)))
			found = t;
	}
	if (ref->name && !found)
		faults_add(faults, ref->file, ref->line, ref->column, "%s: there is no such target of %s; there is %s",
		           ref->path, f->refers, n ? known.data : "none: add one below exporters");
	else if (!found || (!ref->name && n > 1))
		faults_add(faults, ref->file, ref->line, ref->column, "%s: which target of %s? Write one of: %s",
		           ref->path, f->refers, n ? known.data : "(none: add one below exporters)");
	else
		return found;
	return NULL;
}

static bool names_target(const struct ref_list *refs, const struct target *target)
{
	for (size_t i = 0; i < refs->n; i++)
		if (refs->items[i].config == target->config)
			return true;
	return false;
}

/* Adds the attachments' collector to the target, with those that name it. */
static void attach(struct settings *s, const struct exporter_layout *l, const struct list *list, struct target *target)
{
	const struct attachment *all = settings_attachments(&s->arena, l, list);
	struct attachments *mine = ARENA_NEW(&s->arena, struct attachments);
	struct attachment *items = ARENA_ARRAY(&s->arena, struct attachment, list->n + 1);
	struct enabled_collector *more = ARENA_ARRAY(&s->arena, struct enabled_collector, target->n_collectors + 1);

	for (size_t i = 0; i < list->n; i++)
		if (names_target(all[i].config, target))
			items[mine->n++] = all[i];
	mine->items = items;
	if (!mine->n)
		return;
	memcpy(more, target->collectors, target->n_collectors * sizeof(*more));
	more[target->n_collectors++] = (struct enabled_collector){l->slots[0].collector, mine, l->exporter};
	target->collectors = more;
}

static void resolve_item(struct settings *s, const struct exporter_layout *l, char *own, struct faults *faults)
{
	for (const struct field *f = l->exporter->fields; f && f->name; f++) {
		struct ref_list one = {(void *)(own + f->offset), 1};
		const struct ref_list *refs = f->type == FIELD_REF_LIST ? (void *)(own + f->offset) : &one;

		for (size_t i = 0; f->refers && i < refs->n; i++) {
			const struct target *target = find_target(s, f, &refs->items[i], faults);

			refs->items[i].config = target ? target->config : NULL;
		}
	}
}

/* Once all is bound and all targets are made: what names of targets mean. */
int settings_resolve(struct settings *s, const struct layout *all, char *bound, struct target *targets,
                     struct faults *faults)
{
	size_t before = faults->n;

	for (size_t i = 0; i < all->n; i++) {
		const struct exporter_layout *l = &all->exporters[i];
		const struct list *list = (const void *)(bound + l->offset);

		for (size_t k = 0; l->exporter->many_targets && k < list->n; k++)
			resolve_item(s, l, (char *)list->items + k * l->target_size + l->own, faults);
		for (size_t k = 0; l->exporter->attaches_to && k < s->n_targets; k++)
			if (!strcmp(targets[k].exporter->name, l->exporter->attaches_to))
				attach(s, l, list, &targets[k]);
	}
	return faults->n == before ? 0 : -1;
}
