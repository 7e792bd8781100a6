#include "settings_layout.h"

#include <string.h>

#include "settings_found.h"

const struct field *settings_fields(struct arena *a)
{
	struct layout all;

	settings_lay(a, &all);
	return all.fields;
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
		bool on = !c->off_by_default || string_list_has(&head->collectors.enable, c->name);

		if (!on || string_list_has(&head->collectors.disable, c->name) ||
		    (c->wanted && !c->wanted(out->config)))
			continue;
		enabled[out->n_collectors++] =
			(struct enabled_collector){c, c->fields ? (const char *)bound + l->slots[i].offset : NULL};
	}
}

static size_t count_targets(const struct exporter_layout *l, const char *bound)
{
	const struct list *list = (const void *)(bound + l->offset);

	if (l->exporter->attaches_to)
		return 0;
	return l->exporter->many_targets ? list->n : 1;
}

static struct target *make_targets(struct settings *s, const struct layout *all, const char *bound)
{
	struct target *targets;
	size_t most = 0;

	for (size_t i = 0; i < all->n; i++)
		most += count_targets(&all->exporters[i], bound);
	targets = ARENA_ARRAY(&s->arena, struct target, most + 1);
	for (size_t i = 0; i < all->n; i++) {
		const struct exporter_layout *l = &all->exporters[i];
		const struct list *list = (const void *)(bound + l->offset);
		const char *first = l->exporter->many_targets ? list->items : bound + l->offset;

		for (size_t k = 0; k < count_targets(l, bound); k++)
			make_target(&s->arena, l, first + k * l->target_size, &targets[s->n_targets++]);
	}
	s->targets = targets;
	return targets;
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

static int bind(struct settings *s, const struct layout *all, void *bound, const struct options *o,
                struct faults *faults)
{
	struct buf CLEANUP_BUF found = {0};

	if (o->config_file)
		return bind_file(&s->arena, o->config_file, all->fields, bound, faults);
	/* who has written no settings may still have named a target to every other program; and even an empty text is
	 * more than bare defaults: credentials may come without a file */
	settings_write_found(&found);
	return bind_text(&s->arena, "environment", found.data ? found.data : "", found.len, all->fields, bound, faults);
}

struct settings *settings_load(const struct options *o, struct faults *faults)
{
	struct settings *s = calloc(1, sizeof(*s));
	struct layout all;
	struct settings_top *top;

	if (!s)
		abort();
	settings_lay(&s->arena, &all);
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
	if (settings_resolve(s, &all, (char *)top, make_targets(s, &all, (const char *)top), faults) < 0 ||
	    log_settings_finish(&s->arena, &top->logs, &top->external_labels, o->config_file, faults) < 0) {
		settings_free(s);
		return NULL;
	}
	s->logs = top->logs;
	return s;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	arena_fini(&s->arena);
	free(s);
}
