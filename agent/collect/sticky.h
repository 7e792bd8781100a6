/* Which few of very many things are reported one by one, scrape after scrape: the heaviest, but once chosen a thing
 * stays, so that series do not come and go with every change of rank.
 *
 * One belongs to one lane and is used on its thread; it owns what it remembers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct sticky;

struct sticky_item {
	const char *key;
	double weight;
	bool chosen;      /* out */
	const char *text; /* out: what was remembered for it; NULL: nothing yet. Valid until the next choice. */
};

struct sticky *sticky_new(void);
void sticky_free(struct sticky *s); /* NULL is allowed */

/* Chooses at most `max` of the items, whose keys differ. Those that were chosen before stay as long as they are among
 * the items; a newcomer takes the place of one that is less than half as heavy. */
void sticky_choose(struct sticky *s, size_t max, struct sticky_item *items, size_t n);

/* Remembers a text for a key for as long as it is chosen; a key that is not chosen is ignored. */
void sticky_remember(struct sticky *s, const char *key, const char *text);
