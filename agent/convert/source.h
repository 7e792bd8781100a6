/* One source of ours on its way: what is known of it while its parts are written. Inside of convert only. */
#pragma once

#include "convert/writer.h"

/* A label of the entries at some stage: `value` where it is the same for all of them, else NULL and, where it is known,
 * the extracted value that it was taken from. */
struct known_label {
	const char *name, *value, *from;
};

enum { KNOWN_MAX = 64 };

struct source {
	const char *name;
	struct known_label known[KNOWN_MAX];
	size_t n_known;
};

const struct known_label *source_label(const struct source *s, const char *name); /* NULL: entries have none */
void source_set_label(struct source *s, const char *name, const char *value, const char *from);
void source_drop_label(struct source *s, const char *name);

/* What a stage of these settings does to the labels; those of regex are written as a stage of their own. */
void know_groups(struct writer *w, struct source *s, const struct node *settings, int indent);
void know_labels(struct writer *w, struct source *s, const struct node *settings, int indent);
void know_static(struct writer *w, struct source *s, const struct node *settings, int indent);
void know_dropped(struct writer *w, struct source *s, const struct node *settings, int indent);
void know_allowed(struct writer *w, struct source *s, const struct node *settings, int indent);
void know_stream(struct writer *w, struct source *s, const struct node *settings, int indent);

/* `pipeline_stages` as `stages`, at that indentation; `first` is text of stages that come before. */
void convert_stages(struct writer *w, struct source *s, const struct node *list, int indent, const struct buf *first);

/* The stages of a list, without a head; for match, whose stages become those of the source. */
void convert_stage_list(struct writer *w, struct source *s, const struct node *list, int indent);
void convert_match(struct writer *w, struct source *s, const struct node *at, const struct node *settings, int indent);
void convert_metrics(struct writer *w, struct source *s, const struct node *at, int indent);

/* Ends a stage: writes it where the agent takes it, or says what the agent has against it. `text` is the stage's item
 * at that indentation. */
bool write_stage(struct writer *w, const struct node *at, int indent, struct buf *text);

/* What Promtail's relabel_configs make of labels that are all known. False where they drop the target. */
bool relabel(struct writer *w, const struct node *rules, struct string_map *labels);

/* What they make of those that differ from entry to entry, as stages: `names` are ours for theirs, `own` the labels
 * that ours has without being asked. */
struct meta_name {
	const char *theirs, *ours;
};
void relabel_stages(struct writer *w, struct source *s, const struct node *rules, const struct meta_name *names,
                    const char *const *own, int indent);

/* The items of scrape_configs, as `sources`. */
void convert_scrape_configs(struct writer *w, const struct node *root, const struct string_map *external, int indent);

/* Whether the agent takes what would be below `logs`; if not, why is said at the place. */
bool accepted(struct writer *w, const struct node *at, const char *text, const struct string_map *external);
