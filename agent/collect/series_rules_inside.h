/* Between the rules and the passages of series. Only series_*.c include this. */
#pragma once

#include "collect/series_rules.h"

/* Bit i: the i-th rule looks at names, and takes this one. */
uint64_t series_rules_for_name(const struct series_rules *rules, const char *name);

/* Whether there is a rule that changes labels. */
bool series_rules_change_labels(const struct series_rules *rules);

/* false: the sample is left out. New values of labels are in the arena. */
bool series_rules_apply(const struct series_rules *rules, uint64_t matching, struct arena *a,
                        struct promtext_sample *s);
