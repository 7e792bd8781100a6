/* How all settings lie in memory, and the table of fields that binds them. Inside of settings only.
 *
 * Everything is in the arena given, for one call; the fields live as long as it. Any thread. */
#pragma once

#include "settings.h"

enum { EXPORTERS_MAX = 16 };

struct settings_top {
	struct web_settings web;
	struct string_map external_labels;
	struct log_settings logs;
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

void settings_lay(struct arena *a, struct layout *all);

/* The items of a list as attachments, in the same order. */
const struct attachment *settings_attachments(struct arena *a, const struct exporter_layout *l,
                                              const struct list *list);

/* Once all is bound and all targets are made: finds the targets that references mean, and attaches what belongs to
 * another exporter's targets. -1 with faults. */
MUST_CHECK int settings_resolve(struct settings *s, const struct layout *all, char *bound, struct target *targets,
                                struct faults *faults);
